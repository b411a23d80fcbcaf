"""The real morgan, asked what it would log."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mainstay.web.accesslog.exchange import ScopeExchange
from mainstay.web.proxy import TrustedProxies
from tests.npm import Original

PACKAGE = "morgan@1.12.1"
ORACLE = Path(__file__).with_name("morgan_oracle.js")
Pairs = tuple[tuple[str, str], ...]
Instant = tuple[int, int]
"""Seconds and nanoseconds, as process.hrtime gives them."""


class Refused(Exception):
    """It raises an error of its own."""


@dataclass(frozen=True, slots=True)
class Case:
    """A format, and an exchange as both sides can be given it."""

    format: str
    named: bool = False
    method: str = "GET"
    url: str = "/a?b=c"
    version: tuple[int, int] = (1, 1)
    ip: str = "192.0.2.1"
    headers: Pairs = ()
    status: int = 200
    response_headers: Pairs = ()
    started: Instant = (100, 0)
    responded: Instant | None = (100, 12_345_678)
    ended: Instant = (100, 23_456_789)
    now: int = 971_186_136_789
    """Milliseconds since the epoch."""

    def exchange(self) -> ScopeExchange:
        """What our side is given: as an ASGI server tells it."""
        path, _, query = self.url.partition("?")
        scope = {
            "type": "http",
            "method": self.method,
            "raw_path": path.encode("latin-1"),
            "path": path,
            "query_string": query.encode("latin-1"),
            "http_version": ".".join(map(str, self.version)),
            "client": (self.ip, 1234) if self.ip else None,
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers],
        }
        exchange = ScopeExchange(scope, TrustedProxies())
        exchange.started, exchange.ended = _seconds(self.started), _seconds(self.ended)
        exchange.responded = _seconds(self.responded) if self.responded else 0.0
        exchange.status = self.status
        exchange.response_headers = [(name.encode(), value.encode("latin-1")) for name, value in self.response_headers]
        return exchange


def _seconds(instant: Instant) -> float:
    return instant[0] + instant[1] * 1e-9


class Oracle(Original):
    """The original in a process of its own."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, str(ORACLE), environ=environ())

    def line(self, case: Case) -> str:
        """What it logs. Raises Refused."""
        answer = self.answer(asdict(case) | {"responseHeaders": case.response_headers})
        if "error" in answer:
            raise Refused(answer["error"])
        line: str = answer["line"]
        return line


def environ() -> dict[str, str]:
    """Its environment: NO_COLOR would change what it does."""
    return {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "NODE_OPTIONS")}
