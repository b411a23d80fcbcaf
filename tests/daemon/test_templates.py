import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mainstay.core.effects import StartTemplate
from mainstay.core.events import Event, TemplateEnded, TemplateLoaded
from mainstay.daemon import templates as module
from mainstay.daemon.capture import Capture
from mainstay.daemon.children import Children
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import Sweeper
from mainstay.daemon.templates import Templates
from mainstay.model.exits import Ending
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Interface
from mainstay.sys import procfs
from mainstay.sys.fdstore import FdStore
from tests.adopting import adopting
from tests.daemon import apps
from tests.daemon.running import web
from tests.daemon.turning import turned

SPEAKS = """#!{python}
import json, os, socket, sys, time
control = socket.socket(fileno=3)
control.recv(65536)
def say(message):
    control.send(message if isinstance(message, bytes) else json.dumps(message).encode())
{code}
"""
LOADED = 'say({"type": "imported", "interface": "asgi"})\n'
NEVER = "time.sleep(1000)\n"


@dataclass
class Stage:
    """Templates in the test's own process, and what they posted."""

    reactor: Reactor
    children: Children
    templates: Templates
    posted: list[Event]
    folder: Path

    def __post_init__(self) -> None:
        self.forks: list[tuple[str, int, str]] = []
        self.ends: list[Ending] = []

    def start(self, spec: AppSpec, generation: int = 1) -> None:
        self.templates.start(StartTemplate(spec.name, generation, spec))

    def template(self, code: str) -> AppSpec:
        """An app whose interpreter is a program that does as it likes."""
        path = self.folder / "python"
        path.write_text(SPEAKS.format(python=sys.executable, code=code))
        path.chmod(0o755)
        return web("shop", "shop:app", self.folder, python=str(path))

    def loaded(self, spec: AppSpec) -> TemplateLoaded:
        self.start(spec)
        event = self.next()
        assert isinstance(event, TemplateLoaded), event
        return event

    def next(self) -> Event:
        turned(self.reactor, lambda: self.posted, "an event")
        return self.posted.pop(0)

    def ended(self) -> TemplateEnded:
        event = self.next()
        assert isinstance(event, TemplateEnded), event
        turned(self.reactor, lambda: self.children.pids() == set(), "no process")
        return event

    def fork(self, index: int = 0) -> bool:
        worker = WorkerId(SlotId("shop", index), 1, 1)
        null = os.open("/dev/null", os.O_RDWR)
        try:
            return self.templates.fork(worker, {"MAINSTAY_WORKER": worker.token}, (null, null, null), self.forked)
        finally:
            os.close(null)

    def forked(self, token: str, pid: int, error: str) -> None:
        self.forks.append((token, pid, error))
        if not error:
            self.children.add(pid, self.ends.append)

    @property
    def pid(self) -> int:
        (pid,) = self.templates.pids("shop")
        return pid


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with adopting():
        yield from _staged(tmp_path)


def _staged(tmp_path: Path) -> Iterator[Stage]:
    reactor, posted = Reactor(), list[Event]()
    children = Children(reactor)
    capture = Capture(lambda _: None)
    sweeper = Sweeper(reactor, children)
    (tmp_path / "logs").mkdir()
    found = Stage(
        reactor,
        children,
        Templates(sweeper, children, Outputs(str(tmp_path), capture, FdStore()), FdStore(), posted.append),
        posted,
        tmp_path,
    )
    yield found
    children.kill()
    turned(reactor, lambda: children.pids() == set() and not sweeper.running)
    children.reap_strangers()
    capture.close()


def has_ended(pid: int) -> bool:
    stat = procfs.stat(pid)
    return stat is None or stat.ended


def good(stage: Stage, source: str = apps.GOOD) -> AppSpec:
    return web("shop", "shop:app", apps.write(stage.folder / "site", shop=source))


def test_a_template_imports_and_forks(stage: Stage) -> None:
    event = stage.loaded(good(stage))
    stage.fork(0)
    stage.fork(1)
    turned(stage.reactor, lambda: len(stage.forks) == 2)

    assert (event.app, event.generation, event.pid, event.interface, event.cold) == (
        "shop",
        1,
        stage.pid,
        Interface.ASGI,
        "",
    )
    assert [token for token, _, _ in stage.forks] == ["shop-0@1.1", "shop-1@1.1"]
    assert all(stat.ppid == os.getpid() for _, pid, _ in stage.forks if (stat := procfs.stat(pid)))
    assert stage.children.expecting == 0


def test_a_failed_import_is_told_with_its_last_lines(stage: Stage) -> None:
    stage.start(good(stage, apps.NO_IMPORT))
    event = stage.ended()

    assert event.reason == "ModuleNotFoundError: No module named 'nothing_of_this_name'"
    assert event.lines[-1] == event.reason


def test_a_template_that_is_stopped_ends_and_tells_nothing(stage: Stage) -> None:
    stage.loaded(good(stage))
    stage.templates.stop("shop", 1)

    turned(stage.reactor, lambda: stage.children.pids() == set())
    assert stage.posted == []


def test_workers_that_were_asked_for_are_forked_before_a_template_stops(stage: Stage) -> None:
    stage.loaded(good(stage))
    for index in range(5):
        stage.fork(index)
    stage.templates.stop("shop", 1)

    turned(stage.reactor, lambda: len(stage.forks) == 5)
    assert [error for _, _, error in stage.forks] == [""] * 5
    turned(stage.reactor, lambda: stage.templates.pids("shop") == [])
    assert stage.children.expecting == 0


def test_the_death_of_a_template_is_told_and_ends_its_forks(stage: Stage) -> None:
    stage.loaded(good(stage))
    os.kill(stage.pid, signal.SIGSTOP)
    for index in range(3):
        assert stage.fork(index)
    assert stage.children.expecting == 3

    os.kill(stage.pid, signal.SIGKILL)
    event = stage.ended()

    assert event.reason == "its template ended: killed by SIGKILL"
    assert [error for _, _, error in stage.forks] == [event.reason] * 3
    assert stage.children.expecting == 0
    assert not stage.fork()


def test_a_template_that_hangs_is_killed_when_it_owes_a_worker(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORK_TIMEOUT", 0.3)
    stage.loaded(good(stage))
    os.kill(stage.pid, signal.SIGSTOP)

    stage.fork()
    event = stage.ended()

    assert event.reason == "its template ended: killed by SIGKILL"
    assert stage.forks == [("shop-0@1.1", 0, event.reason)]
    assert stage.children.expecting == 0


def test_a_template_that_hangs_is_killed_when_it_is_to_stop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT", 0.3)
    stage.loaded(good(stage))
    os.kill(stage.pid, signal.SIGSTOP)

    stage.templates.stop("shop", 1)

    turned(stage.reactor, lambda: stage.children.pids() == set())
    assert stage.posted == []


def test_a_worker_that_was_forked_by_a_dying_template_is_not_left_behind(stage: Stage) -> None:
    code = LOADED + (
        "control.recv(65536)\n"
        "if os.fork() == 0:\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        os.setsid(); time.sleep(1000)\n"
        "    with open('stray', 'w') as file: file.write(str(pid))\n"
        "    os._exit(0)\n"
        "os.wait(); os.kill(os.getpid(), 9)\n"
    )
    stage.loaded(stage.template(code))
    stage.fork()
    event = stage.ended()
    stray = stage.folder / "stray"

    assert stage.forks == [("shop-0@1.1", 0, event.reason)]
    turned(stage.reactor, lambda: has_ended(int(stray.read_text())))


def test_what_an_import_has_started_ends_after_its_template(stage: Stage) -> None:
    source = apps.GOOD + '\nimport subprocess; open("pid", "w").write(str(subprocess.Popen(["sleep", "1000"]).pid))\n'
    stage.loaded(good(stage, source))
    pid = int((stage.folder / "site" / "pid").read_text())

    stage.templates.stop("shop", 1)

    turned(stage.reactor, lambda: has_ended(pid))


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\xff\xfe",
        b"{",
        b"3",
        b"[" * 60000,
        b'{"type": "imported", "interface": "gopher"}',
        b'{"type": "forked", "token": "x", "pid": 1}',
        b'{"type": "forked", "token": "x"}',
        b"x" * 65537,
    ],
    ids=["no text", "no JSON", "no object", "deep", "no interface", "not ours", "no pid", "too long"],
)
def test_a_template_that_sends_rubbish_is_ended(stage: Stage, rubbish: bytes) -> None:
    (stage.folder / "rubbish").write_bytes(rubbish)
    stage.start(stage.template('say(open("rubbish", "rb").read()); time.sleep(1000)\n'))
    event = stage.ended()

    assert event.reason.startswith("its template sent something that is no message: ")


def test_a_message_of_no_meaning_changes_nothing(stage: Stage) -> None:
    odd = 'say({}); say({"type": "hello"}); say({"type": "forked", "token": "x", "pid": os.getpid()})\n'

    assert stage.loaded(stage.template(odd + LOADED + NEVER)).pid == stage.pid


def test_a_template_that_closes_its_control_socket_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT", 0.2)
    stage.loaded(stage.template(LOADED + "control.close(); time.sleep(1000)\n"))

    assert stage.ended().reason == "its template ended: killed by SIGKILL"
    assert not stage.fork()


def test_a_cold_template_that_does_not_end_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT", 0.2)
    event = stage.loaded(stage.template('say({"type": "cold", "interface": "wsgi", "reason": "threads"})\n' + NEVER))

    assert (event.interface, event.cold) == (Interface.WSGI, "threads")
    turned(stage.reactor, lambda: stage.children.pids() == set())
    assert stage.posted == []


def test_an_interpreter_that_ends_at_once_is_told(stage: Stage) -> None:
    for _ in range(10):
        stage.start(web("shop", "shop:app", stage.folder, python="/bin/false"))

        assert stage.ended().reason == "its template ended: exit code 1"


@pytest.mark.parametrize(
    ("python", "cwd", "reason"),
    [
        ("/nothing/python", "/", "cannot run /nothing/python: No such file or directory"),
        ("/etc/passwd", "/", "cannot run /etc/passwd: Permission denied"),
        (sys.executable, "/nothing", "cannot enter its folder /nothing: No such file or directory"),
    ],
)
def test_an_interpreter_that_cannot_run_is_told_and_leaks_nothing(
    stage: Stage, python: str, cwd: str, reason: str
) -> None:
    def fds() -> int:
        return len(os.listdir("/proc/self/fd"))

    spec = replace(web("shop", "shop:app", Path(cwd), python=python))
    stage.start(spec)
    assert stage.ended().reason == reason
    before = turned(stage.reactor, fds)

    for _ in range(20):
        stage.start(spec)
        assert stage.ended().reason == reason

    turned(stage.reactor, lambda: fds() <= before)


def test_a_template_started_anew_while_the_old_one_ends_is_the_one_that_forks(stage: Stage) -> None:
    spec = good(stage)
    stage.loaded(spec)
    old = stage.pid
    os.kill(old, signal.SIGSTOP)
    stage.templates.stop("shop", 1)
    stage.loaded(spec)
    new = stage.pid

    os.kill(old, signal.SIGKILL)
    turned(stage.reactor, lambda: old not in stage.children.pids())

    assert stage.pid == new != old
    assert stage.fork()
    turned(stage.reactor, lambda: stage.forks)
    assert stage.forks[0][2] == ""
