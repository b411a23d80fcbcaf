"""The options of sessions, checked when they are given: what cannot work is refused when the app starts."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from mainstay.settings import Environment, Secret, environment
from mainstay.web.proxy import TrustedProxies
from mainstay.web.sessions.cookie import CookieAttributes, Priority, SameSite
from mainstay.web.sessions.record import Lifetimes
from mainstay.web.sessions.signing import Format, Signer

SecretLike = str | bytes | Secret
Span = float | timedelta


class Options(TypedDict, total=False):
    """What `Sessions` and its kin take as keywords, beside `store` and `secret`. Spans are seconds or a timedelta."""

    name: str
    """Of the cookie: `__Host-sid` where `secure` is True and neither domain nor path is given, else `sid`."""
    secure: bool | Literal["auto"]
    """True in production, else False. "auto": the cookie is Secure when the request came over https."""
    path: str
    domain: str | None
    http_only: bool
    same_site: SameSite | Literal["auto"] | None
    partitioned: bool
    priority: Priority | None
    cookie_format: Format
    """"express" signs and encodes as express-session does, so that both take each other's cookies."""
    persistent: bool
    """False: the cookie ends with the browser."""
    idle: Span | None
    """How long a session lives after it was last used. Default: 14 days."""
    absolute: Span | None
    """How long it lives after the login, however much it is used. Default: 90 days."""
    rolling: bool
    """Send the cookie with every response, lasting for `idle` from then."""
    on_store_error: Literal["fail", "anonymous"]
    """"fail" answers 503; "anonymous" gives an empty session that cannot be written."""
    timeout: Span | None
    """How long one call to the store may take. Default: 0.25 seconds."""
    max_bytes: int
    """The most that the data of one session may take, encoded. Default: 64 KiB."""
    save_on_error: bool
    """Save also where the response is a 5xx. Default: False, what a failed request changed is dropped."""
    cache_control: str | None
    """Sent with each Set-Cookie. Default: `private, no-store`; None leaves the header alone."""
    rotate_on: Iterable[str]
    """Keys of the session whose change gives it a new id, for apps that cannot call `login`: ("user_id",)."""
    proxies: TrustedProxies | None
    """Who is believed that a request came over https. Default: what MAINSTAY_TRUSTED_PROXY says, else nobody."""
    environment: Environment
    """Default: what APP_ENV says."""
    clock: Callable[[], float]
    """Seconds since 1970, for tests."""


@dataclass(frozen=True, slots=True)
class Config:
    """The options, checked and with their defaults filled in."""

    signer: Signer
    cookie: CookieAttributes
    lifetimes: Lifetimes
    persistent: bool
    rolling: bool
    on_store_error: Literal["fail", "anonymous"]
    timeout: float | None
    max_bytes: int
    save_on_error: bool
    cache_control: str | None
    rotate_on: tuple[str, ...]
    proxies: TrustedProxies
    environment: Environment
    clock: Callable[[], float] = field(repr=False)
    name: bytes

    @property
    def production(self) -> bool:
        """Whether what is wrong is logged and got over, and not raised."""
        return self.environment == "production"


def configure(secret: SecretLike | Sequence[SecretLike], **options: Unpack[Options]) -> Config:
    """Check the options. Raises ValueError (CookieRefused for the cookie's) or TypeError, naming the option."""
    unknown = sorted(options.keys() - Options.__annotations__.keys())
    if unknown:
        raise TypeError(
            f"sessions have no option {unknown[0]!r}; there are {', '.join(sorted(Options.__annotations__))}"
        )
    where = options.get("environment") or environment()
    cookie = _cookie(options, where)
    proxies = options.get("proxies")
    on_store_error = options.get("on_store_error", "fail")
    if on_store_error not in ("fail", "anonymous"):
        raise ValueError(f"on_store_error={on_store_error!r} is not 'fail' or 'anonymous'")
    max_bytes = options.get("max_bytes", 64 * 1024)
    if max_bytes < 1:
        raise ValueError(f"max_bytes={max_bytes!r} leaves no room for a session")
    return Config(
        signer=Signer(_secrets(secret), name=cookie.name, format=options.get("cookie_format", "mainstay")),
        cookie=cookie,
        lifetimes=_lifetimes(options),
        persistent=options.get("persistent", True),
        rolling=options.get("rolling", False),
        on_store_error=on_store_error,
        timeout=_seconds("timeout", options.get("timeout", 0.25)),
        max_bytes=max_bytes,
        save_on_error=options.get("save_on_error", False),
        cache_control=options.get("cache_control", "private, no-store"),
        rotate_on=tuple(options.get("rotate_on", ())),
        proxies=TrustedProxies.from_environment() if proxies is None else proxies,
        environment=where,
        clock=options.get("clock", time.time),
        name=cookie.name.encode(),
    )


def _cookie(options: Options, where: Environment) -> CookieAttributes:
    secure = options.get("secure", where == "production")
    path, domain = options.get("path", "/"), options.get("domain")
    host_only = secure is True and path == "/" and domain is None
    express = options.get("cookie_format", "mainstay") == "express"
    default = "connect.sid" if express else "__Host-sid" if host_only else "sid"
    return CookieAttributes(
        name=options.get("name", default),
        secure=secure,
        path=path,
        domain=domain,
        http_only=options.get("http_only", True),
        same_site=options.get("same_site", "lax"),
        partitioned=options.get("partitioned", False),
        priority=options.get("priority"),
    )


def _lifetimes(options: Options) -> Lifetimes:
    idle = _seconds("idle", options.get("idle", timedelta(days=14)))
    absolute = _seconds("absolute", options.get("absolute", timedelta(days=90)))
    if idle is None and absolute is None:
        raise ValueError("sessions need idle or absolute: with neither they would never end")
    return Lifetimes(idle, absolute)


def _seconds(option: str, span: Span | None) -> float | None:
    if span is None:
        return None
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{option}={span!r} is no span of time: give seconds or a timedelta above zero, or None")
    return seconds


def _secrets(secret: SecretLike | Sequence[SecretLike]) -> list[str | bytes]:
    given = [secret] if isinstance(secret, (str, bytes, Secret)) else list(secret)
    return [one.reveal() if isinstance(one, Secret) else one for one in given]
