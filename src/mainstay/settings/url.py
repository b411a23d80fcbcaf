"""A URL whose password does not show."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from mainstay.settings.naming import looks_secret
from mainstay.settings.secret import MASK, Secret


@dataclass(frozen=True, slots=True)
class Url:
    """An address with a scheme and a host (or, as `sqlite:///x.db`, a path). It prints with `***` for its password.

    `user`, `password` and `path` are decoded; `reveal()` gives the URL as it was written.
    """

    text: Secret
    scheme: str
    host: str = ""
    port: int | None = None
    path: str = ""
    user: str = ""
    password: Secret | None = None
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> "Url":
        """Read a URL. Raises ValueError, whose message shows nothing of it."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError("not a URL") from None
        if not parts.scheme or "://" not in text or not (parts.hostname or parts.path) or text.split() != [text]:
            raise ValueError("not a URL")
        return cls(
            text=Secret(text),
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=port,
            path=unquote(parts.path),
            user=unquote(parts.username or ""),
            password=None if parts.password is None else Secret(unquote(parts.password)),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        )

    def reveal(self) -> str:
        """The URL as it was written, with its password."""
        return self.text.reveal()

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        login = self.user + (f":{MASK}" if self.password is not None else "")
        port = "" if self.port is None else f":{self.port}"
        query = "&".join(f"{name}={MASK if looks_secret(name) else value}" for name, value in self.query)
        place = f"{login}@{host}{port}" if login else f"{host}{port}"
        return f"{self.scheme}://{place}{self.path}" + (f"?{query}" if query else "")

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"
