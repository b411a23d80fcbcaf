"""Item 7: two million lines of 100 bytes through the daemon: lines lost, speed, and the daemon's memory."""

import gzip
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.contender import APPS, CannotServe, say
from benchmarks.environment import base_environment
from benchmarks.ours import Home
from benchmarks.peers import Pm2Home
from benchmarks.processes import Outcome, TooSlow, end, memory, spawn, tree, until
from benchmarks.results import Scope, Section, Table, Target, median, ratio, spread
from benchmarks.rounds import interleaved

LINE_LENGTH = 100
LINES = 2_000_000
MODES = {"line": "line by line", "block": "in blocks of 64 KB"}
ROUNDS = 3
LIMIT = 5.0
NEAR = 0.8
"""Of what a bare loop of read and write reaches in the same run: where that is less than LIMIT times PM2, it counts."""
BARE = "read and write"
# Bounded: what 200 MB of output may add to the daemon at its highest.
PEAK_LIMIT = 64.0
QUIET = 5.0
PATIENCE = 180.0
MEGABYTE = 1_000_000
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: MB per second from the first write until all is in the files, lines lost, peak of the daemon in MiB."""

    rate: float
    lost: int
    peak: float


class Capture(Protocol):
    """A tool that keeps what an app writes."""

    def start(self, folder: Path, arguments: list[str]) -> Outcome:
        """Start log_writer.pl, which is in `folder`, with these arguments."""

    def files(self) -> list[Path]:
        """The log files with the app's stdout."""

    def daemon_pids(self) -> list[int]:
        """Whatever of the tool is in memory."""

    def stop(self) -> None:
        """End everything."""


class Pm2Capture:
    """PM2, logging as by default: one file, no rotation."""

    def __init__(self) -> None:
        self._home = Pm2Home()

    def start(self, folder: Path, arguments: list[str]) -> Outcome:
        """`pm2 start perl -- log_writer.pl`."""
        options = ["--name", "writer", "--interpreter", "none", "--no-autorestart"]
        return self._home.command(["start", _perl(), *options, "--", *arguments], folder)

    def files(self) -> list[Path]:
        """One file."""
        return list((self._home.path / "logs").glob("writer-out*.log"))

    def daemon_pids(self) -> list[int]:
        """The God daemon."""
        return [self._home.daemon]

    def stop(self) -> None:
        """`pm2 kill`."""
        self._home.stop()


class MainstayCapture:
    """mainstay, rotating every 20 MiB as by default, but keeping every file so that lines can be counted."""

    def __init__(self) -> None:
        self._home = Home()

    def start(self, folder: Path, arguments: list[str]) -> Outcome:
        """`mainstay start` with a mainstay.toml."""
        command = ", ".join(f'"{argument}"' for argument in [_perl(), *arguments])
        (folder / "mainstay.toml").write_text(
            f'[apps.writer]\ncommand = [{command}]\nlogs = {{ rotate = "20MiB", keep = 100, compress = false }}\n'
        )
        return self._home.command(["start"], folder)

    def files(self) -> list[Path]:
        """The current file and the rotated ones."""
        return list((self._home.path / "logs").glob("writer-0.out.log*"))

    def daemon_pids(self) -> list[int]:
        """The daemon and the guardian."""
        return self._home.managers()

    def stop(self) -> None:
        """`mainstay kill`."""
        self._home.stop()


class BareCapture:
    """No tool: a loop that reads and writes (bare_relay.py), the limit on this machine."""

    def __init__(self) -> None:
        self._folder = Path()
        self._pid = 0

    def start(self, folder: Path, arguments: list[str]) -> Outcome:
        """The loop, which starts the writer."""
        self._folder = folder
        script = str(Path(__file__).with_name("bare_relay.py"))
        argv = [sys.executable, script, str(folder / "bare.log"), _perl(), *arguments]
        self._pid = spawn(argv, env=base_environment(), cwd=folder).pid
        return Outcome(0, 0.0, "")

    def files(self) -> list[Path]:
        """One file."""
        return [self._folder / "bare.log"]

    def daemon_pids(self) -> list[int]:
        """The loop."""
        return [self._pid]

    def stop(self) -> None:
        """End the loop and the writer."""
        if self._pid:
            end(tree(self._pid))


TOOLS: dict[str, type[Pm2Capture] | type[MainstayCapture] | type[BareCapture]] = {
    "PM2": Pm2Capture,
    BARE: BareCapture,
    "mainstay": MainstayCapture,
}


@contextmanager
def capturing(name: str) -> Iterator[tuple[Capture, Path]]:
    """A tool and a folder with log_writer.pl; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="logs-"))
    tool = TOOLS[name]()
    try:
        shutil.copy(APPS / "log_writer.pl", folder)
        yield tool, folder
    finally:
        tool.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure(name: str, lines: int, mode: str) -> Sample:
    """Let the writer write, wait until the files have it all or grow no more, count."""
    with capturing(name) as (tool, folder):
        report = folder / "report"
        outcome = tool.start(folder, ["log_writer.pl", str(lines), mode, str(report)])
        if outcome.code:
            raise CannotServe(f"exit code {outcome.code}: {outcome.output[-2000:]}")
        finished = _wait(tool, report, lines * LINE_LENGTH)
        started, written = map(float, report.read_text().split())
        seen = _count(tool.files(), lines)
        rate = sum(seen) * LINE_LENGTH / (max(finished, written) - started) / MEGABYTE
        return Sample(rate, lines - sum(seen), memory(tool.daemon_pids(), "VmHWM") / MEBIBYTE)


def _perl() -> str:
    found = shutil.which("perl")
    if found is None:
        raise CannotServe("there is no perl (Debian: apt-get install perl)")
    return found


def _size(files: list[Path]) -> int:
    """Bytes in all files; one that is being renamed right now counts at the next look."""
    total = 0
    for path in files:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _wait(tool: Capture, report: Path, expected: int) -> float:
    """The moment the files had `expected` bytes, or last grew before they were still for a while (monotonic).

    Their own times say when: a command that starts the writer may return after it has written everything.
    """
    try:
        until(report.exists, PATIENCE, "the writer to finish")
    except TooSlow as error:
        raise CannotServe(str(error)) from None
    size, grew = -1, time.monotonic()
    while size < expected and time.monotonic() < grew + QUIET:
        now = _size(tool.files())
        if now != size:
            size, grew = now, time.monotonic()
        time.sleep(0.002)
    return _last_written(tool.files()) - time.time() + time.monotonic()


def _last_written(files: list[Path]) -> float:
    """When the newest of them was written to, in seconds since the epoch."""
    return max((path.stat().st_mtime for path in files), default=0.0)


def _count(files: list[Path], lines: int) -> bytearray:
    """A mark for each line number that is in one of the files, whole."""
    seen = bytearray(lines)
    for path in files:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                if len(line) == LINE_LENGTH and line[:8].isdigit():
                    seen[int(line[:8])] = 1
    return seen


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("log capture")
    names = [name for name in TOOLS if with_ours or name != "mainstay"]
    lines = LINES // 10 if scope.quick else LINES
    samples: dict[tuple[str, str], list[Sample]] = {(name, mode): [] for name in names for mode in MODES}
    for _, name in interleaved(names, scope.rounds(ROUNDS)):
        for mode in MODES:
            try:
                sample = measure(name, lines, mode)
            except CannotServe as error:
                say(f"  {name}: FAILED: {error}")
                continue
            say(f"  {name}, {mode}: {sample.rate:.0f} MB/s, {sample.lost} lost, peak {sample.peak:.0f} MiB")
            samples[name, mode].append(sample)
    return section(samples, lines)


def section(samples: dict[tuple[str, str], list[Sample]], lines: int) -> Section:
    """The samples as a table, and the targets."""
    rows = [
        (
            name,
            MODES[mode],
            spread([run.rate for run in runs], 1),
            spread([run.lost for run in runs]),
            spread([run.peak for run in runs], 1),
        )
        for (name, mode), runs in samples.items()
    ]
    table = Table(
        f"{lines:,} lines of {LINE_LENGTH} bytes", ("tool", "written", "MB/s", "lines lost", "peak, MiB"), tuple(rows)
    )
    method = (
        "The app numbers its lines and writes them as fast as stdout takes them. It is a Perl program, as that writes"
        " a line at a time about twice as fast as one in Python or Node: what is measured is to be the capture and not"
        " the writer. The time runs from its first write"
        " until every byte is in the log files; then every line is looked for. Peak: VmHWM of the daemon (ours: daemon"
        " and guardian). PM2 does not rotate; mainstay rotates every 20 MiB, as it does by default, and keeps all"
        f' files here. "{BARE}" is no tool: a loop that does nothing else, and so the limit of the machine.'
    )
    targets = [_speed(mode, samples) for mode in MODES]
    mine = [run for (name, _), runs in samples.items() if name == "mainstay" for run in runs]
    lost, peak = sum(run.lost for run in mine), max((run.peak for run in mine), default=float("nan"))
    targets.append(Target("0 lines lost", f"{lost} lost" if mine else "not measured", lost == 0 if mine else None))
    promise = f"daemon memory bounded: peak under {PEAK_LIMIT:g} MiB"
    targets.append(Target(promise, f"{peak:.1f} MiB" if mine else "not measured", peak < PEAK_LIMIT if mine else None))
    raw: dict[str, object] = {
        f"{name}, {mode}": [
            {"megabytes_per_second": run.rate, "lost": run.lost, "peak_mebibytes": run.peak} for run in runs
        ]
        for (name, mode), runs in samples.items()
    }
    return Section("log_capture", "7. Log capture", method, (table,), tuple(targets), samples=raw)


def _speed(mode: str, samples: dict[tuple[str, str], list[Sample]]) -> Target:
    promise = f"{MODES[mode]}: at least {LIMIT:g} times PM2, or {NEAR:g} of what can be had here at all"
    mine, theirs, limit = (
        median(run.rate for run in samples.get((name, mode), [])) for name in ("mainstay", "PM2", BARE)
    )
    if any(rate != rate for rate in (mine, theirs, limit)):
        return Target(promise, "not measured", None)
    figure = f"{ratio(mine, theirs)} times PM2, {ratio(mine, limit)} of what can be had"
    return Target(promise, figure, mine >= min(LIMIT * theirs, NEAR * limit))
