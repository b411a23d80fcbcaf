"""Item 5: how evenly connections are spread over the workers."""

import re
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Contender, say, serving, whoami
from benchmarks.peers import GRANIAN, GUNICORN, GUNICORN_ASGI, PM2_CONTENDER, UVICORN
from benchmarks.results import Scope, Section, Table
from benchmarks.rounds import attempt, chosen, interleaved

CONTENDERS: tuple[Contender, ...] = (
    ours.Mainstay(),
    UVICORN,
    GUNICORN,
    ours.Mainstay("granian"),
    GUNICORN_ASGI,
    GRANIAN,
    PM2_CONTENDER,
)
FRESH = 2000
KEPT = 64
AT_ONCE = 16
WORKERS = (2, 4)
ROUNDS = 3
PID = re.compile(rb'"pid": ?([0-9]+)')


@dataclass(frozen=True, slots=True)
class Shares:
    """How many connections each worker got, most first; a worker that got none counts as 0."""

    fresh: tuple[int, ...]
    kept: tuple[int, ...]


def measure(contender: Contender, workers: int) -> Shares:
    """Open the connections against a server that has just started."""
    app = App.HELLO if contender is PM2_CONTENDER else App.BARE
    with serving(contender, app, workers) as (site, _), ThreadPoolExecutor(AT_ONCE) as pool:
        fresh = Counter(who.pid for who in pool.map(lambda _: whoami(site.port), range(FRESH)) if who is not None)
        return Shares(_shares(fresh, workers), _shares(_kept(site.port), workers))


def _kept(port: int) -> Counter[int]:
    """Hold 64 connections open at once; which worker answers on each."""
    request = f"GET /whoami HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    found: Counter[int] = Counter()
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(KEPT)]
        for connection in held:
            connection.sendall(request)
        for connection in held:
            data = b""
            while (match := PID.search(data)) is None:
                piece = connection.recv(65536)
                if not piece:
                    raise CannotServe("a kept connection was closed without an answer")
                data += piece
            found[int(match[1])] += 1
    return found


def _shares(found: Counter[int], workers: int) -> tuple[int, ...]:
    counts = [count for _, count in found.most_common()]
    return tuple(counts + [0] * (workers - len(counts)))


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("how evenly connections are spread")
    who = chosen(CONTENDERS, with_ours=with_ours, only=scope.only)
    samples: dict[tuple[str, int], list[Shares]] = {(one.name, workers): [] for one in who for workers in WORKERS}
    for _, one in interleaved(who, scope.rounds(ROUNDS)):
        for workers in WORKERS:
            shares = attempt(one, f"{workers} workers", lambda one=one, workers=workers: measure(one, workers))  # type: ignore[misc]
            if shares is not None:
                samples[one.name, workers].append(shares)
    return section(samples)


def _worst(samples: list[tuple[int, ...]]) -> str:
    """The least even of the runs, as `most : least`, with every worker's share."""
    if not samples:
        return "failed"
    worst = max(samples, key=lambda shares: shares[0] - shares[-1])
    return " : ".join(map(str, worst))


def section(samples: dict[tuple[str, int], list[Shares]]) -> Section:
    """The samples as a table per number of workers."""
    tables = []
    for workers in WORKERS:
        rows = [
            (name, str(len(runs)), _worst([run.fresh for run in runs]), _worst([run.kept for run in runs]))
            for (name, count), runs in samples.items()
            if count == workers
        ]
        columns = ("server", "runs", f"{FRESH:,} fresh connections", f"{KEPT} kept alive")
        tables.append(Table(f"{workers} workers: connections per worker, least even run", columns, tuple(rows)))
    method = (
        f"{FRESH:,} new connections, {AT_ONCE} at a time, then {KEPT} connections that stay open, against a server that"
        " has just started; the app says which process answers. PM2 serves a Node app, the others a bare ASGI app."
    )
    raw: dict[str, object] = {
        f"{name}, {workers} workers": [{"fresh": run.fresh, "kept": run.kept} for run in runs]
        for (name, workers), runs in samples.items()
    }
    return Section("balance", "5. Balance", method, tuple(tables), (), samples=raw)
