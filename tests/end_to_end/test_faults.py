"""Faults at random: processes of ours and of the apps are killed, the disk fills up, commands come at once.

The seed is printed and can be given: MAINSTAY_FAULT_SEED=7 MAINSTAY_FAULT_STEPS=200. After each step the promises hold:
the apps serve, the list says what runs and nothing else, nothing runs twice, and what was written was kept.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.load import Load
from tests.end_to_end.ours import Ours
from tests.end_to_end.site import ASGI, Site, get, is_alive
from tests.waiting import until

SEEDS = [int(os.environ["MAINSTAY_FAULT_SEED"])] if "MAINSTAY_FAULT_SEED" in os.environ else [11, 23, 3023]
STEPS = int(os.environ.get("MAINSTAY_FAULT_STEPS", "14"))
SECONDS_A_STEP = 4
DISK = 24 * 1024 * 1024

WRITER = """
import time
number = 0
while True:
    print(f"line {number:07}", flush=True)
    number += 1
    time.sleep(0.002)
"""


@pytest.fixture(params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    print(f"MAINSTAY_FAULT_SEED={value} MAINSTAY_FAULT_STEPS={STEPS}")
    return value


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own, to be filled."""
    if os.geteuid() != 0:
        pytest.skip("a file system can be mounted by root only")
    with tempfile.TemporaryDirectory(prefix="ms-disk-") as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True, text=True
        )
        if mounted.returncode:
            pytest.skip(f"no file system may be mounted here: {mounted.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


class Faults:
    """A site with two apps, what may happen to it, and what must hold all the time."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.ours = Ours(site)
        self.random = random.Random(seed)
        self.want = 2
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port: int = sock.getsockname()[1]
        site.write("main.py", ASGI)
        site.write("writer.py", WRITER)
        site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(self.port))
        site.ok("start", "writer.py", "--name", "writer")

    # what may happen

    def daemon_dies(self) -> None:
        self.ours.kill(self.ours.daemon())

    def guardian_dies(self) -> None:
        self.ours.kill(self.ours.guardian())

    def template_dies(self) -> None:
        found = self.ours.template_now("web")  # none after two deaths in a row, until a worker is needed
        if found:
            self.ours.kill(found)

    def guardian_and_daemon_die(self) -> None:
        self.ours.kill(self.ours.guardian())
        self.ours.guardian()
        self.ours.kill(self.ours.daemon())

    def worker_dies(self) -> None:
        pids = self.site.pids("web")
        if pids:
            os.kill(self.random.choice(pids), signal.SIGKILL)

    def daemon_dies_in_a_command(self) -> None:
        words = self.random.choice((("reload", "web"), ("restart", "web-0"), ("scale", "web", str(self.want))))
        command = self.site.start_command(*words)
        pause = self.random.uniform(0.0, 1.2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(pause)
        self.daemon_dies()
        command.communicate(timeout=60)

    def code_is_reloaded(self) -> None:
        self.site.run("reload", "web")

    def app_is_scaled(self) -> None:
        self.want = self.random.randint(1, 4)
        self.site.ok("scale", "web", str(self.want))

    def several_ask_at_once(self) -> None:
        verbs = (("reload", "web"), ("restart", "web-0"), ("list",), ("describe", "all"), ("start", "web"))
        commands = [self.site.start_command(*self.random.choice(verbs)) for _ in range(4)]
        for command in commands:
            out, err = command.communicate(timeout=100)
            assert "Traceback" not in out + err

    # what must hold

    def check(self) -> None:
        """Every slot is there and online, each with one process that lives, and nothing else of these apps runs."""
        until(self._is_whole, 60, "a whole list")
        assert get(self.port)
        until(lambda: self._running() == {"web": self.want, "writer": 1}, 60, "no process too many")
        until(self._lists_the_living, 60, "a list of those that live")  # a reload that was resumed may be at work

    def _lists_the_living(self) -> bool:
        return all(is_alive(pid) for pid in (*self.site.pids("web"), *self.site.pids("writer")))

    def _is_whole(self) -> bool:
        rows = [(row["app"], row["status"]) for row in self.site.rows()]
        return sorted(rows) == [("web", "online")] * self.want + [("writer", "online")]

    def _running(self) -> dict[str, int]:
        found = {"web": 0, "writer": 0}
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.readlink(f"/proc/{name}/cwd") == str(self.site.folder):
                    comm = Path(f"/proc/{name}/comm").read_text().strip()
                    kind = "web" if comm.startswith("web-") else "writer" if "python" in comm else ""
                    if kind and is_alive(int(name)):
                        found[kind] += 1
        return found

    def lines_are_whole(self) -> None:
        """What the writer wrote is in its files without a gap, and nothing twice."""
        self.site.ok("stop", "writer")
        paths = [path for path in (self.site.home / "logs").glob("writer-0.out.log*") if path.suffix not in (".times",)]
        numbers = sorted(int(line.split()[1]) for path in paths for line in path.read_text().splitlines())
        print((self.site.home / "daemon.log").read_text())
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > 100


def _go(faults: Faults, acts: list[Callable[[], None]]) -> None:
    for number in range(STEPS):
        act = faults.random.choice(acts)
        print(f"step {number}: {act.__name__}")
        act()
        faults.check()


@pytest.mark.timeout(STEPS * 60)
def test_no_request_and_no_line_is_lost_whatever_of_ours_dies(site: Site, seed: int) -> None:
    faults = Faults(site, seed)
    with Load(faults.port, STEPS * SECONDS_A_STEP) as load:
        until(lambda: get(faults.port))
        _go(
            faults,
            [
                faults.daemon_dies,
                faults.guardian_dies,
                faults.template_dies,
                faults.guardian_and_daemon_die,
                faults.daemon_dies_in_a_command,
                faults.code_is_reloaded,
                faults.app_is_scaled,
            ],
        )

    assert load.lost == {}
    assert load.answered > 100
    faults.lines_are_whole()


@pytest.mark.timeout(STEPS * 60)
def test_all_is_as_declared_after_faults_of_every_kind(site: Site, seed: int) -> None:
    faults = Faults(site, seed)
    _go(
        faults,
        [
            faults.daemon_dies,
            faults.guardian_dies,
            faults.template_dies,
            faults.worker_dies,
            faults.daemon_dies_in_a_command,
            faults.several_ask_at_once,
            faults.app_is_scaled,
        ],
    )
    faults.lines_are_whole()


def test_a_full_disk_and_a_killed_daemon_leave_the_apps_alone(site: Site, disk: Path) -> None:
    full = Site(disk / "home", site.folder)
    faults = Faults(full, 1)
    try:
        before = full.pids("web")
        with (disk / "filler").open("wb") as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"\0" * 65536)
                filler.flush()
        with Load(faults.port, 8) as load:
            until(lambda: get(faults.port))
            faults.daemon_dies()
            assert full.pids("web") == before
            ran = full.run("scale", "web", "3")
            assert "Traceback" not in ran.said
        assert load.lost == {}
        (disk / "filler").unlink()
        faults.want = len(full.rows("web"))
        faults.check()
        full.ok("reload", "web")
        assert get(faults.port)
    finally:
        full.run("kill")
