"""What a log must not hold: values of headers and query parameters, by name."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-csrf-token"})
PARAMETERS = frozenset(
    {
        *("access_token", "id_token", "refresh_token", "token", "auth", "code", "key", "api_key", "apikey"),
        *("client_secret", "secret", "password", "passwd", "sig", "signature"),
    }
)
REDACTED = "[REDACTED]"
_NAME = re.compile("(?:^|[&;?])([^=&;?]+)=")
_END = re.compile(r"[&;]|\Z")


class Redaction:
    """By name, in any case. `headers` and `parameters` are what is hidden beside what always is."""

    def __init__(self, headers: Iterable[str] = (), parameters: Iterable[str] = ()) -> None:
        self._headers = HEADERS | {name.lower() for name in headers}
        self._parameters = PARAMETERS | {name.lower() for name in parameters}

    def header(self, name: str, value: str) -> str:
        """The value of a header, or that it is hidden."""
        return REDACTED if name.lower() in self._headers else value

    def query(self, text: str) -> str:
        """A query, or a URL, with the values that are hidden taken out."""
        if "=" not in text:
            return text
        parts: list[str] = []
        at = 0
        for found in _NAME.finditer(text):
            if found.start() >= at and self._hides(found[1]):
                parts += text[at : found.end()], REDACTED
                at = _END.search(text, found.end()).start()  # type: ignore[union-attr]  # each text has an end
        return "".join(parts) + text[at:] if parts else text

    def _hides(self, parameter: str) -> bool:
        name = unquote_plus(parameter) if "%" in parameter else parameter  # as the app will read it
        return name.lower() in self._parameters
