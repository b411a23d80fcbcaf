"""Reading whom an app trusts to be its proxy: networks, a number of hops, or a table of both.

trusted_proxy = "loopback"    trusted_proxy = ["loopback", "10.0.0.0/8"]    trusted_proxy = 2
trusted_proxy = { networks = ["private"], hops = 1, header = "forwarded", host = false }
"""

from collections.abc import Callable, Mapping

from mainstay.config.nearest import did_you_mean
from mainstay.config.problems import Refused, refuse_all
from mainstay.config.values import T, choice, flag, items, kind_of, text, whole

_KEYS = ("networks", "hops", "header", "host")
_HEADERS = {"x-forwarded": "", "forwarded": "forwarded"}
MOST_HOPS = 32
"""As in `mainstay.web.proxy`, which is not imported where nobody has a proxy."""


def trusted_proxy(value: object) -> str:
    """The one text that `mainstay.web.proxy.TrustedProxies.parse` reads. Raises Refused."""
    match value:
        case int() if not isinstance(value, bool):
            return str(_hops(value))
        case str() | list():
            return ", ".join(items(value, _network))
        case dict():
            return _from_table(value)
        case _:
            raise Refused(
                f"must be networks, a number of proxies or a table, not {kind_of(value)}",
                hint='write it like "loopback", ["10.0.0.0/8"] or 1',
            )


def from_words(value: object) -> str:
    """The same from a command line: `loopback,10.0.0.0/8`, `1`, `private,forwarded`. Raises Refused."""
    from mainstay.web.proxy.networks import TrustedProxiesError
    from mainstay.web.proxy.trusted import TrustedProxies

    try:
        return str(TrustedProxies.parse(text(value)))
    except TrustedProxiesError as error:
        raise Refused(error.message, hint=error.hint) from None


def _network(value: object) -> str:
    from mainstay.web.proxy.networks import TrustedProxiesError, read_networks

    word = text(value).strip()
    try:
        read_networks(word)
    except TrustedProxiesError as error:
        hint = f"write it without quotes: {word}" if word.isdecimal() else error.hint
        raise Refused(error.message, hint=hint) from None
    return word


_hops = whole(1, MOST_HOPS)


def _from_table(table: Mapping[str, object]) -> str:
    errors: list[Refused] = []

    def item(word: str, read: Callable[[object], T], default: T) -> T:
        try:
            return read(table[word]) if word in table else default
        except Refused as error:
            errors.append(error.under(word))
            return default

    none: tuple[str, ...] = ()
    networks = item("networks", lambda value: items(value, _network), none)
    hops = item("hops", _hops, 0)
    header = item("header", choice(_HEADERS), "")
    host = item("host", flag, True)
    for word in table:
        if word not in _KEYS:
            errors.append(Refused("no such key", hint=did_you_mean(word, _KEYS, "its keys are"), at=(word,)))
    refuse_all(errors)
    if not networks and not hops:
        raise Refused("does not say whom to trust", hint="write `networks` or `hops`")
    return from_words(",".join([*networks, *([str(hops)] if hops else []), header, "" if host else "keep-host"]))
