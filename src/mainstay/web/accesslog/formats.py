"""Formats: what a line says. Compiled, and checked, when they are made: a token nobody knows is an error then.

A format is the name of one of ours, a text with tokens, or a function of the tokens and an exchange.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from mainstay.web.accesslog.escaping import escaped
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.tokens import KNOWN, Read, Token, Value, what_is_wrong

Line = str | Mapping[str, object] | None
"""A line without its end; a mapping is written as JSON; None: nothing is written."""
Format = Callable[[Exchange], Line]
FormatFunction = Callable[["Tokens", Exchange], Line]
Compat = Literal["", "morgan"]

_TOKEN = re.compile(r":([-A-Za-z0-9_]{2,})(?:\[([^\]]+)\])?")
_APACHE = ':remote-addr - :remote-user [:{date}] ":method :url HTTP/:http-version" :status :{size}'
_AGENT = ' ":referrer" ":user-agent"'
_TIMING = " :response-time ms"

TEMPLATES: dict[str, str] = {
    "combined": _APACHE.replace("{date}", "date[clf]") + _AGENT,
    "common": _APACHE.replace("{date}", "date[clf]"),
    "default": _APACHE.replace("{date}", "date") + _AGENT,
    "short": ":remote-addr :remote-user :method :url HTTP/:http-version :status :{size} -" + _TIMING,
    "tiny": ":method :url :status :{size} -" + _TIMING,
    "dev": ":method :url {colour}:status{plain}" + _TIMING + " - :{size}",
}
SIZES: dict[Compat, str] = {"": "bytes", "morgan": "res[content-length]"}


class FormatError(ValueError):
    """A format cannot be: one line says why."""


class Tokens:
    """The tokens of one logger: ours and its own. What they give is safe for a line; `tokens["method"](exchange)`."""

    def __init__(self, own: Mapping[str, Token] | None = None, failed: Callable[[str, Exception], None] | None = None):
        """`failed` is told when one of the logger's own tokens raises."""
        for name in own or {}:
            if not re.fullmatch(r"[-A-Za-z0-9_]{2,}", name):
                raise FormatError(f"no token can be called {name!r}: two or more letters, digits, - and _")
        self._own = dict(own or {})
        self._failed = failed or (lambda _name, _error: None)

    def __iter__(self) -> Iterator[str]:
        return iter({**KNOWN, **self._own})

    def __getitem__(self, name: str) -> Callable[..., Value]:
        def read(exchange: Exchange, argument: str | None = None) -> Value:
            value = self.reader(name, argument)[0](exchange)
            return escaped(value) if isinstance(value, str) else value

        if name not in self._own and name not in KNOWN:
            raise FormatError(self._unknown(name))
        return read

    def reader(self, name: str, argument: str | None) -> tuple[Read, bool]:
        """The token as a function of an exchange; whether what it gives never needs to be escaped.

        Raises FormatError.
        """
        if name in self._own:
            return self._guarded(name, self._own[name], argument), False
        if name not in KNOWN:
            raise FormatError(self._unknown(name))
        wrong = what_is_wrong(name, argument)
        if wrong:
            raise FormatError(wrong)
        return KNOWN[name].make(argument or ""), KNOWN[name].plain

    def _guarded(self, name: str, token: Token, argument: str | None) -> Read:
        def read(exchange: Exchange) -> Value:
            try:
                return token(exchange) if argument is None else token(exchange, argument)
            except Exception as error:  # a log must never end a request
                self._failed(f":{name}", error)
                return None

        return read

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self], 1)
        hint = f"; :{near[0]} is one" if near else f"; there are {', '.join(':' + known for known in sorted(self))}"
        return f"no token is called :{name}{hint}"


def compile_format(text: str, tokens: Tokens | None = None) -> Callable[[Exchange], str]:
    """The function that writes a line in a format, such as ":method :url :status". Raises FormatError."""
    tokens = tokens or Tokens()
    reads: list[Read] = []
    plain: list[bool] = []
    template, at = "", 0
    for found in _TOKEN.finditer(text):
        template += text[at : found.start()].replace("%", "%%") + "%s"
        read, is_plain = tokens.reader(found[1], found[2])
        reads.append(read)
        plain.append(is_plain)
        at = found.end()
    template += text[at:].replace("%", "%%")
    return _line_writer(template, tuple(reads), tuple(plain))


def _line_writer(template: str, reads: tuple[Read, ...], plain: tuple[bool, ...]) -> Callable[[Exchange], str]:
    quotes = template.count('"')

    def write(exchange: Exchange) -> str:
        values = [read(exchange) or "-" for read in reads]
        line = template % tuple(values)
        # Nearly every line is fine as it is: each value is looked at only when the line has something that may not be.
        if line.isprintable() and "\\" not in line and line.count('"') == quotes:
            return line
        return template % tuple(map(_safe, values, plain))

    return write


def _safe(value: Value, plain: bool) -> Value:
    # A token of one's own may return anything, whatever its type says: what counts is the text it comes to.
    return value if plain else escaped(str(value))


def known_format(name: str, tokens: Tokens, *, colours: bool, compat: Compat) -> Format | None:
    """One of ours by its name, None when none is called so."""
    if name not in TEMPLATES:
        return None
    text = TEMPLATES[name].replace("{size}", SIZES[compat])
    return _dev(text, tokens, colours=colours) if name == "dev" else compile_format(text, tokens)


def _dev(text: str, tokens: Tokens, *, colours: bool) -> Format:
    """Coloured by the class of the status, as morgan's."""
    if not colours:
        return compile_format(text.replace("{colour}", "").replace("{plain}", ""), tokens)
    text = f"{{plain}}{text}{{plain}}".replace("{plain}", "\x1b[0m")
    shades = {2: 32, 3: 36, 4: 33, 5: 31}
    by_class = {
        kind: compile_format(text.replace("{colour}", f"\x1b[{shade}m"), tokens) for kind, shade in shades.items()
    }
    other = compile_format(text.replace("{colour}", "\x1b[0m"), tokens)
    return lambda exchange: by_class.get(min(exchange.status // 100, 5), other)(exchange)
