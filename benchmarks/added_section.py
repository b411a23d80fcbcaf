"""An item of CPU time that was added: it is measured, and the samples of its pairs become tables, targets and plots."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.added_cpu import LIVES, REQUESTS, ROUNDS, Samples, measure
from benchmarks.asks import Pair, Sample
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, spread
from benchmarks.rounds import chosen
from benchmarks.wrk_counted import CONNECTIONS

HOW = (
    f"CPU time per request, user and system, of all processes of a stack: wrk sends {REQUESTS:,} requests"
    f" over {CONNECTIONS} connections to the same answer without the part that is measured and with it, one"
    f" after the other, {ROUNDS} interleaved rounds in each of {LIVES} lives; the difference is what the part adds."
    " Each stack is one process that serves (gunicorn: one sync worker, a connection per request). Median (lowest to"
    " highest)."
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A promise: what ours adds is under `share` of what the peer adds, for `what`."""

    ours: str
    peer: str
    what: str
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of this kind: its pairs, the names of which stand in the tables, and its promises."""

    key: str
    title: str
    method: str
    pairs: tuple[Pair, ...]
    limits: tuple[Limit, ...]


def measured(item: Item, scope: Scope, *, with_ours: bool) -> Section:
    """Run an item."""
    return section(item, measure(chosen(item.pairs, with_ours=with_ours, only=scope.only), scope))


def section(item: Item, samples: Samples) -> Section:
    """A table and a panel for each thing that was measured, and a target for each promise."""
    whats = list(dict.fromkeys(pair.what for pair in item.pairs))
    raw: dict[str, object] = {f"{pair.name}: {pair.what}": list(map(_raw, found)) for pair, found in samples.items()}
    return Section(
        item.key,
        item.title,
        f"{item.method} {HOW}",
        tuple(_table(what, samples) for what in whats),
        tuple(_target(limit, samples) for limit in item.limits),
        tuple(_panel(what, samples) for what in whats),
        raw,
    )


def _raw(sample: Sample) -> dict[str, float]:
    plain, full = sample.plain, sample.full
    figures = {"plain": plain.stack, "full": full.stack, "redis plain": plain.redis, "redis full": full.redis}
    return {name: round(value, 2) for name, value in figures.items()}


def _of(what: str, samples: Samples) -> list[tuple[Pair, list[Sample]]]:
    return [(pair, found) for pair, found in samples.items() if pair.what == what]


def _table(what: str, samples: Samples) -> Table:
    pairs = _of(what, samples)
    mine = [(pair.name, _added(found)) for pair, found in pairs if pair.ours and found]
    columns = ["stack", "without", "with", "added"] + [f"{name} / this" for name, _ in mine]
    shows_redis = any(pair.full.session for pair, _ in pairs)
    columns += ["Redis"] if shows_redis else []
    rows = []
    for pair, found in pairs:
        figures = [[sample.plain.stack for sample in found], [sample.full.stack for sample in found]]
        row = [pair.name, *(spread(values, 1) for values in (*figures, [sample.added for sample in found]))]
        row += [_share(value, _added(found)) for _, value in mine]
        row += [spread([sample.full.redis - sample.plain.redis for sample in found], 1)] if shows_redis else []
        rows.append(tuple(row))
    note = "Redis: CPU of redis-server per request, beside the stack's own." if shows_redis else ""
    return Table(f"{what}: CPU per request, µs", tuple(columns), tuple(rows), note)


def _added(found: Sequence[Sample]) -> float:
    return median(sample.added for sample in found)


def _share(ours: float, peer: float) -> str:
    return f"{ours / peer:.2f}" if ours == ours and peer > 0 else "n/a"


def _panel(what: str, samples: Samples) -> Panel:
    bars = tuple(Bar(pair.name, _added(found), pair.ours) for pair, found in _of(what, samples) if found)
    return Panel(what, "µs of CPU added per request, median", bars)


def _target(limit: Limit, samples: Samples) -> Target:
    added = {pair.name: _added(found) for pair, found in _of(limit.what, samples)}
    mine, peer = added.get(limit.ours, float("nan")), added.get(limit.peer, float("nan"))
    share = "" if limit.share == 1 else f"{limit.share} of "
    promise = f"{limit.what}: {limit.ours} adds under {share}{limit.peer}"
    if mine != mine or peer != peer:
        return Target(promise, "not measured", None)
    return Target(promise, f"{mine:.1f} µs beside {peer:.1f} µs: {_share(mine, peer)}", mine < peer * limit.share)
