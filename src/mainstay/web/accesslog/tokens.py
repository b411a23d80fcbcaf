"""The tokens a format may name: each a function of an exchange, and of the argument in brackets where it takes one.

Those of morgan have its meaning; `:bytes`, `:time`, `:ttfb`, `:completed`, `:request-id`, `:trace-id`, `:scheme`,
`:host` and `:path` are ours. A token that has nothing to say returns None or an empty text: the line has `-` there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.web.accesslog.basic import user_of
from mainstay.web.accesslog.dates import date
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.numbers import MOST_DIGITS, fixed

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


def _digits(argument: str) -> int:
    """As ECMAScript's toFixed takes its argument: what is no number counts as 0."""
    if not argument:
        return 3
    return int(argument) if argument.isascii() and argument.isdecimal() else 0


def _response_time(argument: str) -> Read:
    digits = _digits(argument)

    def read(exchange: Exchange) -> Value:
        if not exchange.started or not exchange.responded:
            return None
        return fixed((exchange.responded - exchange.started) * 1e3, digits)

    return read


def _total_time(argument: str) -> Read:
    digits = _digits(argument)

    def read(exchange: Exchange) -> Value:
        if not exchange.started or not exchange.responded:
            return None
        return fixed(exchange.seconds * 1e3, digits)

    return read


def _first_byte(argument: str) -> Read:
    digits = _digits(argument)

    def read(exchange: Exchange) -> Value:
        if not exchange.started or not exchange.first:
            return None
        return fixed((exchange.first - exchange.started) * 1e3, digits)

    return read


def _referrer(exchange: Exchange) -> Value:
    return exchange.first_header("referer") or exchange.first_header("referrer")


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
    "response-time": Known(_response_time, plain=True),
    "scheme": Known(_always(lambda exchange: exchange.client.scheme), plain=True),
    "status": Known(_always(lambda exchange: exchange.status), plain=True),
    "time": Known(_time, plain=True),
    "total-time": Known(_total_time, plain=True),
    "trace-id": Known(_always(lambda exchange: exchange.trace), plain=True),
    "ttfb": Known(_first_byte, plain=True),
    "url": Known(_always(lambda exchange: exchange.url)),
    "user-agent": Known(_always(lambda exchange: exchange.first_header("user-agent"))),
}


def what_is_wrong(name: str, argument: str | None) -> str:
    """Why a token of ours cannot have this argument; empty when it can. One it does not need is of no account."""
    if name in ("req", "res") and not argument:
        return f":{name} needs the name of a header, such as :{name}[accept]"
    if name in ("response-time", "total-time", "ttfb") and argument and _digits(argument) > MOST_DIGITS:
        return f":{name} takes at most {MOST_DIGITS} digits"
    return ""
