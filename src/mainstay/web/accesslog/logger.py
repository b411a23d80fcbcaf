"""What the middlewares for ASGI and WSGI share: from an exchange to a line that is on its way."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mainstay.settings import environment
from mainstay.web.accesslog.choosing import Skip
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.formats import (
    TEMPLATES,
    Compat,
    Format,
    FormatError,
    FormatFunction,
    Tokens,
    compile_format,
    known_format,
)
from mainstay.web.accesslog.identity import is_acceptable, new_id, trace_of
from mainstay.web.accesslog.json_lines import JsonFormat, as_line
from mainstay.web.accesslog.redaction import Redaction
from mainstay.web.accesslog.tokens import Token
from mainstay.web.accesslog.writer import Target, Writer
from mainstay.web.proxy import TrustedProxies

_log = logging.getLogger("mainstay.web.accesslog")
SERVERS = ("uvicorn.access", "gunicorn.access", "hypercorn.access", "granian.access", "_granian.access")
ID_HEADER = "x-request-id"


class Stream(Protocol):
    """Something with `write`, which gets each line, with its end, by itself: `io.StringIO`, a file."""

    def write(self, text: str, /) -> object:
        """Take a line."""


Sink = Target | Stream | logging.Logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to log.

    `format`: one of ours by name (combined, common, default, short, tiny, dev, json), a text with tokens, or a function
    `(tokens, exchange)` that returns a line, a mapping (written as JSON) or None for no line. Without it, `combined` in
    production and `dev` elsewhere.
    `compat`: with "morgan" the named formats have the Content-Length header where ours have the bytes really sent.
    `tokens`: tokens of one's own, by name, each a function of the exchange and, when there is one, of its argument.
    `formats`: formats of one's own, by name.
    `skip`: rules, each a function of the exchange: when one of them says so, there is no line.
    `immediate`: the line is written when the request comes, with nothing of the response.
    `to`: a path, a descriptor (1: stdout), a stream, or a logger of `logging`.
    `colours`: of `dev`; without it, where they will be seen and NO_COLOR does not forbid them.
    `request_id`: give each request an id, or take the caller's when its proxy is trusted.
    `redact_headers`, `redact_parameters`: what is hidden in `json`, beside what always is. `headers` and
    `response_headers`: which of them `json` holds.
    """

    format: str | FormatFunction | None = None
    compat: Compat = ""
    tokens: Mapping[str, Token] = field(default_factory=dict)
    formats: Mapping[str, str | FormatFunction] = field(default_factory=dict)
    skip: Skip | Iterable[Skip] = ()
    immediate: bool = False
    to: Sink = 1
    colours: bool | None = None
    request_id: bool = True
    redact_headers: Iterable[str] = ()
    redact_parameters: Iterable[str] = ()
    headers: Iterable[str] = ()
    response_headers: Iterable[str] = ()


class Logger:
    """One log. Raises FormatError when its format cannot be, and UnknownEnvironment for a wrong APP_ENV."""

    def __init__(self, options: Options, proxies: TrustedProxies | None) -> None:
        self.immediate = options.immediate
        self.identifies = options.request_id
        self.proxies = TrustedProxies.from_environment() if proxies is None else proxies
        self._broken: set[str] = set()
        self._options = options
        self._format = self._compiled(options)
        skip = options.skip
        self._skip: tuple[Skip, ...] = (skip,) if callable(skip) else tuple(skip)
        self._write = _writer_to(options.to)
        self._warned = False

    def log(self, exchange: Exchange) -> None:
        """Write the line of an exchange, unless it is to have none. Never raises."""
        if not self._warned:
            self._warned = True
            _warn_of_servers()
        try:
            if self._skip and any(skip(exchange) for skip in self._skip):
                return
            line = self._format(exchange)
            if line is not None:
                self._write(line if isinstance(line, str) else as_line(line))
        except Exception as error:  # a log must never end a request
            self._failed("the format", error)

    def identify(self, exchange: Exchange, peer: str | None) -> None:
        """Give it its id, and the trace it is part of."""
        offered = exchange.header(ID_HEADER) if self.proxies.trusts_peer(peer) else None
        exchange.request_id = offered if offered and is_acceptable(offered) else new_id()
        traceparent = exchange.header("traceparent")
        if traceparent:
            exchange.trace = trace_of(traceparent)

    def _compiled(self, options: Options) -> Format:
        chosen = options.format or ("combined" if environment() == "production" else "dev")
        tokens = Tokens(options.tokens, self._failed)
        if isinstance(chosen, str):
            chosen = options.formats.get(chosen, chosen)
        if callable(chosen):
            function = chosen
            return lambda exchange: function(tokens, exchange)
        if not isinstance(chosen, str):
            raise FormatError(f"a format is a name, a text with tokens or a function, not {type(chosen).__name__}")
        if chosen == "json":
            redaction = Redaction(options.redact_headers, options.redact_parameters)
            return JsonFormat(redaction, options.headers, options.response_headers)
        colours = sees_colours(options.to) if options.colours is None else options.colours
        known = known_format(chosen, tokens, colours=colours, compat=options.compat)
        if known is not None:
            return known
        if ":" not in chosen:
            names = ", ".join(sorted({*TEMPLATES, "json", *options.formats}))
            raise FormatError(f"no format is called {chosen!r}; there are {names}, or write one with tokens")
        return compile_format(chosen, tokens)

    def _failed(self, what: str, error: Exception) -> None:
        if what not in self._broken:
            self._broken.add(what)
            _log.error("%s of the access log raised %s: %s", what, type(error).__name__, error)


def sees_colours(sink: Sink) -> bool:
    """Whether colours written there will be seen: a terminal, and not NO_COLOR; or FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    if isinstance(sink, int):
        return os.isatty(sink)
    isatty = getattr(sink, "isatty", None)
    return bool(isatty and isatty())


def _writer_to(sink: Sink):  # type: ignore[no-untyped-def]
    if isinstance(sink, logging.Logger):
        return sink.info
    if isinstance(sink, int | str | os.PathLike):
        return Writer(sink).write
    stream = sink
    return lambda line: stream.write(line + "\n")


def _warn_of_servers() -> None:
    """Say so, once, when the server logs each request as well."""
    for name in SERVERS:
        logger = logging.getLogger(name)
        if logger.handlers and logger.isEnabledFor(logging.INFO) and not logger.disabled:
            _log.warning("%s is on too: each request is logged twice; turn the server's own access log off", name)
            return
