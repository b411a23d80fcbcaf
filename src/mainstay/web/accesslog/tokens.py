"""The tokens a format may name: each a function of an exchange, and of the argument in brackets where it takes one.

Those of morgan have its meaning; `:bytes`, `:time`, `:ttfb`, `:completed`, `:request-id`, `:trace-id`, `:scheme`,
`:host` and `:path` are ours. A token that has nothing to say returns None or an empty text: the line has `-` there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from mainstay.web.accesslog.basic import user_of
from mainstay.web.accesslog.dates import date
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.numbers import MOST_DIGITS, digits_of, fixed, milliseconds

Value = str | int | float | None
Read = Callable[[Exchange], Value]
Token = Callable[..., Value]
"""`token(exchange)`, or `token(exchange, argument)`."""

# Of these headers Node's http module keeps the first when one is sent several times.
_ONCE = frozenset(
    {
        *("age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "location"),
        *("if-modified-since", "if-unmodified-since", "last-modified", "max-forwards", "proxy-authorization"),
        *("referer", "retry-after", "server", "user-agent"),
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """A token of ours: `make` gives the function for one argument. `plain`: it never needs to be escaped."""

    make: Callable[[str], Read]
    plain: bool = False


def _span(end: Callable[[Exchange], float]) -> Callable[[str], Read]:
    """A token for the milliseconds from the start to `end`, which is 0 when it has not come."""

    def make(argument: str) -> Read:
        digits = digits_of(argument) if argument else 3
        assert digits is not None, "see what_is_wrong"

        def read(exchange: Exchange) -> Value:
            started, ended = exchange.started, end(exchange)
            return fixed(milliseconds(ended - started), digits) if started and ended else None

        return read

    return make


def _end(exchange: Exchange) -> float:
    """Without headers of a response there is no total time, as with morgan."""
    return (exchange.ended or perf_counter()) if exchange.responded else 0.0


def _referrer(exchange: Exchange) -> Value:
    return exchange.first_header("referer") or exchange.header("referrer")


def _remote_user(exchange: Exchange) -> Value:
    authorization = exchange.first_header("authorization")
    return user_of(authorization) if authorization else None


def _http_version(exchange: Exchange) -> Value:
    version = exchange.version
    return version if "." in version else f"{version}.0"


def _request_header(name: str) -> Read:
    name = name.lower()
    return (lambda exchange: exchange.first_header(name)) if name in _ONCE else (lambda exchange: exchange.header(name))


def _response_header(name: str) -> Read:
    name = name.lower()
    return lambda exchange: exchange.response_header(name) if exchange.status else None


def _date(style: str) -> Read:
    return lambda _: date(style or "web")


def _time(style: str) -> Read:
    return lambda exchange: date(style or "web", exchange.time)


def _always(read: Read) -> Callable[[str], Read]:
    return lambda _: read


KNOWN: dict[str, Known] = {
    "bytes": Known(_always(lambda exchange: exchange.sent), plain=True),
    "completed": Known(_always(lambda exchange: exchange.completed), plain=True),
    "date": Known(_date, plain=True),
    "host": Known(_always(lambda exchange: exchange.client.host)),
    "http-version": Known(_always(_http_version)),
    "method": Known(_always(lambda exchange: exchange.method)),
    "path": Known(_always(lambda exchange: exchange.path)),
    "pid": Known(_always(lambda _: os.getpid()), plain=True),
    "referrer": Known(_always(_referrer)),
    "remote-addr": Known(_always(lambda exchange: exchange.address)),
    "remote-user": Known(_always(_remote_user)),
    "req": Known(_request_header),
    "request-id": Known(_always(lambda exchange: exchange.request_id)),
    "res": Known(_response_header),
    "response-time": Known(_span(lambda exchange: exchange.responded), plain=True),
    "scheme": Known(_always(lambda exchange: exchange.client.scheme), plain=True),
    "status": Known(_always(lambda exchange: exchange.status), plain=True),
    "time": Known(_time, plain=True),
    "total-time": Known(_span(_end), plain=True),
    "trace-id": Known(_always(lambda exchange: exchange.trace), plain=True),
    "ttfb": Known(_span(lambda exchange: exchange.first), plain=True),
    "url": Known(_always(lambda exchange: exchange.url)),
    "user-agent": Known(_always(lambda exchange: exchange.first_header("user-agent"))),
}


def what_is_wrong(name: str, argument: str | None) -> str:
    """Why a token of ours cannot have this argument; empty when it can. One it does not need is of no account."""
    if name in ("req", "res") and not argument:
        return f":{name} needs the name of a header, such as :{name}[accept]"
    if name in ("response-time", "total-time", "ttfb") and argument and digits_of(argument) is None:
        return f":{name} takes from 0 to {MOST_DIGITS} digits, not {argument!r:.40}"
    return ""
