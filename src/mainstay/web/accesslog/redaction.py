"""What a log must not hold: values of headers and query parameters, by name."""

import re
from collections.abc import Iterable

HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-csrf-token"})
PARAMETERS = frozenset(
    {
        *("access_token", "id_token", "refresh_token", "token", "auth", "code", "key", "api_key", "apikey"),
        *("client_secret", "secret", "password", "passwd", "sig", "signature"),
    }
)
REDACTED = "[REDACTED]"


class Redaction:
    """By name, in any case. `headers` and `parameters` are what is hidden beside what always is."""

    def __init__(self, headers: Iterable[str] = (), parameters: Iterable[str] = ()) -> None:
        self._headers = HEADERS | {name.lower() for name in headers}
        names = sorted(PARAMETERS | {name.lower() for name in parameters})
        self._parameter = re.compile(rf"(?i)(^|[&;?])({'|'.join(map(re.escape, names))})=[^&;]+")

    def header(self, name: str, value: str) -> str:
        """The value of a header, or that it is hidden."""
        return REDACTED if name.lower() in self._headers else value

    def query(self, text: str) -> str:
        """A query, or a URL, with the values that are hidden taken out."""
        return self._parameter.sub(rf"\1\2={REDACTED}", text) if "=" in text else text
