"""Cookies by RFC 6265bis: reading ours out of a request, writing Set-Cookie, and refusing what browsers refuse."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

SameSite = Literal["strict", "lax", "none"]
Priority = Literal["low", "medium", "high"]

LARGEST = 4096
"""The most bytes of a cookie's value that are looked at; browsers send no more."""
MOST_OF_ONE_NAME = 8
"""How many cookies of one name are tried: a browser sends several when paths or domains differ."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, token
_DOMAIN = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_PATH = re.compile(r"[\x20-\x3a\x3c-\x7e]*")


class CookieRefused(ValueError):
    """A combination of attributes that browsers drop silently, or one that cannot be written; says how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """One Set-Cookie header with the attributes as given. `str()` of it is the header's value."""

    name: str
    value: str
    max_age: int | None = None
    domain: str | None = None
    path: str | None = None
    expires: datetime | None = None
    http_only: bool = False
    secure: bool = False
    partitioned: bool = False
    priority: Priority | None = None
    same_site: SameSite | None = None

    def __repr__(self) -> str:
        return f"SetCookie(name={self.name!r})"

    def __str__(self) -> str:
        return "; ".join(self._parts())

    def _parts(self) -> Iterable[str]:
        """In the order in which express-session writes them."""
        yield f"{self.name}={self.value}"
        if self.max_age is not None:
            yield f"Max-Age={self.max_age}"
        if self.domain:
            yield f"Domain={self.domain}"
        if self.path:
            yield f"Path={self.path}"
        if self.expires is not None:
            yield f"Expires={format_datetime(self.expires, usegmt=True)}"
        if self.http_only:
            yield "HttpOnly"
        if self.secure:
            yield "Secure"
        if self.partitioned:
            yield "Partitioned"
        if self.priority:
            yield f"Priority={self.priority.capitalize()}"
        if self.same_site:
            yield f"SameSite={self.same_site.capitalize()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieAttributes:
    """How the session's cookie is written. `secure="auto"` and `same_site="auto"` follow the request.

    `same_site="auto"` is None over https, for pages that show ours in a frame, and Lax over http.
    Raises CookieRefused when it is made.
    """

    name: str
    secure: bool | Literal["auto"]
    path: str = "/"
    domain: str | None = None
    http_only: bool = True
    same_site: SameSite | Literal["auto"] | None = "lax"
    partitioned: bool = False
    priority: Priority | None = None

    def __post_init__(self) -> None:
        for wrong, problem in self._problems():
            if wrong:
                raise CookieRefused(f"the cookie {self.name!r:.80} {problem}")

    def _problems(self) -> Iterable[tuple[bool, str]]:
        name = self.name.lower()  # browsers compare the prefixes without regard to case
        always = self.secure is True
        yield _NAME.fullmatch(self.name) is None, "has a name with characters that no cookie may have"
        yield self.secure not in (True, False, "auto"), "has a secure that is not True, False or 'auto'"
        yield (
            self.same_site not in ("strict", "lax", "none", "auto", None),
            "has a same_site that is not 'strict', 'lax', 'none', 'auto' or None",
        )
        yield self.priority not in ("low", "medium", "high", None), "has a priority that is not 'low', 'medium', 'high'"
        yield not self.path.startswith("/"), f"has the path {self.path!r:.80}, which does not begin with '/'"
        yield _PATH.fullmatch(self.path) is None, "has a path with characters that no cookie may have"
        yield (
            self.domain is not None and _DOMAIN.fullmatch(self.domain) is None,
            f"has the domain {self.domain!r:.80}, which is none",
        )
        yield name.startswith("__secure-") and not always, "is refused by browsers: __Secure- needs secure=True"
        yield name.startswith("__host-") and not always, "is refused by browsers: __Host- needs secure=True"
        yield (
            name.startswith("__host-") and self.domain is not None,
            "is refused by browsers: __Host- takes no domain; leave it out, or choose another name",
        )
        yield (
            name.startswith("__host-") and self.path != "/",
            "is refused by browsers: __Host- needs path='/'; or choose another name",
        )
        yield (
            self.same_site == "none" and not always,
            "is refused by browsers: same_site='none' needs secure=True",
        )
        yield self.partitioned and not always, "is refused by browsers: partitioned=True needs secure=True"

    def issue(self, value: str, max_age: int | None, *, secure: bool) -> SetCookie:
        """Set-Cookie in answer to https (`secure`) or http. Without `max_age` it ends with the browser."""
        same_site = self.same_site
        if same_site == "auto":
            same_site = "none" if secure and self.secure else "lax"
        return SetCookie(
            name=self.name,
            value=value,
            max_age=max_age,
            domain=self.domain,
            path=self.path,
            http_only=self.http_only,
            secure=secure if self.secure == "auto" else self.secure,
            partitioned=self.partitioned,
            priority=self.priority,
            same_site=same_site,
        )


def values_of(name: bytes, headers: Iterable[bytes]) -> list[bytes]:
    """The values of all cookies called `name` in the Cookie headers of a request, in their order, each once.

    Takes any bytes. At most MOST_OF_ONE_NAME, none longer than LARGEST: a request costs no more than that.
    """
    found: list[bytes] = []
    for header in headers:
        if name not in header:
            continue
        for pair in header.split(b";"):
            key, equals, value = pair.partition(b"=")
            if not equals or key.strip(b" \t") != name:
                continue
            value = value.strip(b" \t")
            if len(value) > 1 and value[:1] == value[-1:] == b'"':
                value = value[1:-1]
            if value and len(value) <= LARGEST and value not in found and len(found) < MOST_OF_ONE_NAME:
                found.append(value)
    return found
