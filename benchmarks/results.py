"""What a benchmark hands over: tables, targets and plots, as data that goes to JSON, Markdown and SVG alike."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scope:
    """How long to measure: `runs` is the number of interleaved rounds, `quick` trims what is slow to a smoke test."""

    runs: int
    quick: bool
    only: tuple[str, ...] = ()

    def rounds(self, full: int, quick: int = 1) -> int:
        """The number of rounds of an item: what was asked for, else `full`, or `quick` in a quick run."""
        return self.runs or (quick if self.quick else full)

    def seconds(self, full: float, quick: float) -> float:
        """How long something is measured."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; every cell is already text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One promise beside what was measured; `kept` is None when ours could not be measured."""

    promise: str
    measured: str
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot; the ones that are ours get the colour."""

    label: str
    value: float
    ours: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars that share a scale; `limit` draws a line at the target."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One item: what was done, what came out, and the samples behind it."""

    key: str
    title: str
    method: str
    tables: tuple[Table, ...]
    targets: tuple[Target, ...]
    panels: tuple[Panel, ...] = ()
    samples: dict[str, object] = field(default_factory=dict)


def save(section: Section, folder: Path, *, taken: Mapping[str, object]) -> None:
    """Write a section with how it was `taken`: the moment, the machine, whether in a quick run."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {**taken, **asdict(section)}
    (folder / f"{section.key}.json").write_text(json.dumps(document, indent=1) + "\n")


def median(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    found = list(values)
    return statistics.median(found) if found else float("nan")


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median with the lowest and the highest, as text."""
    if not values:
        return "failed"
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def ratio(ours: float, peer: float) -> str:
    """Ours as a multiple of the peer's, as text."""
    return f"{ours / peer:.2f}" if peer else "n/a"
