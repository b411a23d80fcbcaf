"""Processes as Linux shows them in /proc, and the ending of those we started: by pid, never by name."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit code, how long it took in seconds, what it printed."""

    code: int
    seconds: float
    output: str


class TooSlow(Exception):
    """A condition did not come true in time."""


def until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Wait until `condition` holds, looked at every 5 ms; raises TooSlow after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TooSlow(f"not within {timeout:g} s: {what}")
        time.sleep(0.005)


def run(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float = 120.0) -> Outcome:
    """Run a command to its end. A command over its time is killed and counts as exit code 124, as timeout(1) has it."""
    start = time.monotonic()
    try:
        done = subprocess.run(
            argv,
            env=dict(env),
            cwd=cwd,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        return Outcome(124, time.monotonic() - start, said)
    return Outcome(done.returncode, time.monotonic() - start, done.stdout)


def spawn(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
    """Start a long-lived process in its own session; its output goes to `server.log` in `cwd`."""
    with (cwd / "server.log").open("ab") as log:
        return subprocess.Popen(
            argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, the state first (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def started_at(pid: int) -> int:
    """The start time in clock ticks; with the pid it names one process for ever. 0 when it is gone."""
    try:
        return int(_stat(pid)[19])
    except OSError:
        return 0


def all_pids() -> list[int]:
    """Every process of the machine."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def tree(*roots: int) -> list[int]:
    """The living roots and all their descendants, each once."""
    parents: dict[int, int] = {}
    for pid in all_pids():
        with contextlib.suppress(OSError):
            fields = _stat(pid)
            if fields[0] != "Z":
                parents[pid] = int(fields[1])
    found = [pid for pid in roots if pid in parents]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


def parent(pid: int) -> int:
    """The pid of the parent."""
    return int(_stat(pid)[1])


def command_line(pid: int) -> list[str]:
    """The arguments of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def has_environment(pid: int, name: str, value: str) -> bool:
    """Whether the process was started with NAME=VALUE."""
    try:
        return f"{name}={value}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def carrying(name: str, value: str) -> list[int]:
    """Every process that was started with NAME=VALUE."""
    return [pid for pid in all_pids() if has_environment(pid, name, value)]


def working_in(folder: Path) -> list[int]:
    """Every process whose working directory is that folder."""
    found = []
    for pid in all_pids():
        with contextlib.suppress(OSError):  # it is gone, a zombie, or somebody else's
            if Path(f"/proc/{pid}/cwd").readlink() == folder.resolve():
                found.append(pid)
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time used so far by these processes, in seconds, to the nanosecond (not ticks); ended threads are counted."""
    total = 0
    for pid in pids:
        # The CPU clock of another process as clock_getcpuclockid(3) makes its number, which Python does not offer.
        with contextlib.suppress(OSError):
            total += time.clock_gettime_ns((~pid << 3) | 2)
    return total / 1e9


def memory(pids: Sequence[int], key: str) -> int:
    """The sum over the processes of one line of /proc/PID/status (VmRSS, RssAnon, VmHWM), in bytes."""
    return sum(_kilobytes(Path(f"/proc/{pid}/status"), key) for pid in pids)


def pss(pids: Sequence[int]) -> int:
    """Proportional set size of the processes together, in bytes: shared pages are counted once."""
    return sum(_kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in pids)


def _kilobytes(path: Path, key: str) -> int:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def end(pids: Sequence[int], *, patience: float = 8.0) -> None:
    """End exactly these processes: SIGTERM, `patience` seconds, SIGKILL. A pid that was reused is left alone."""
    known = {pid: started_at(pid) for pid in pids}
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        left = [pid for pid, start in known.items() if start and started_at(pid) == start and alive(pid)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        with contextlib.suppress(TooSlow):
            until(lambda left=left: not any(map(alive, left)), wait, "processes to end")  # type: ignore[misc]
