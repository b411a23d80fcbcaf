import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mainstay.daemon import sweep as module
from mainstay.daemon.children import Children
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import MARK, Sweep, Sweeper
from mainstay.model.exits import Ending
from mainstay.sys import procfs
from mainstay.sys.program import Spawn
from mainstay.sys.spawn import spawn
from mainstay.sys.tree import Member
from tests.adopting import adopting
from tests.daemon.turning import turned

TOKEN = "web-0@1.1"


@dataclass
class Stage:
    """A leader, held as the daemon holds workers, and the sweep that its end sets off."""

    reactor: Reactor
    children: Children
    sweeper: Sweeper

    def __post_init__(self) -> None:
        self.left: list[tuple[Member, ...]] = []
        self.sweeps: list[Sweep | None] = []
        self.leader = 0

    def lead(self, script: str, grace: float = 5.0) -> int:
        self.leader = self.start(script, TOKEN)
        self.children.add(self.leader, lambda ending: self.ended(ending, grace))
        return self.leader

    def start(self, script: str, token: str) -> int:
        null = os.open("/dev/null", os.O_RDWR)
        try:
            env = {"PATH": os.environ["PATH"], MARK: token}
            return spawn(Spawn(("sh", "-c", script), env, "/", null, null))
        finally:
            os.close(null)

    def ended(self, _: Ending, grace: float) -> None:
        self.sweeps.append(self.sweeper.sweep(self.leader, TOKEN, grace, self.left.append))

    def members(self, count: int) -> list[int]:
        def found() -> list[int]:
            return sorted(member.pid for member in self.sweeper.members(self.leader, TOKEN))

        turned(self.reactor, lambda: len(found()) == count, f"{count} members")
        return found()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with adopting():
        yield from _staged()


def _staged() -> Iterator[Stage]:
    reactor = Reactor()
    children = Children(reactor)
    found = Stage(reactor, children, Sweeper(reactor, children))
    yield found
    for member in found.sweeper.found(procfs.all_stats(), found.leader, TOKEN):
        os.kill(member.pid, signal.SIGKILL)
    turned(reactor, lambda: children.pids() == set())
    children.reap_strangers()


def has_ended(pid: int) -> bool:
    stat = procfs.stat(pid)
    return stat is None or stat.ended


def test_members_are_the_leader_its_descendants_and_what_bears_its_mark(stage: Stage) -> None:
    leader = stage.lead("sleep 1001 & (setsid sh -c 'sleep 1002 & wait' & ) ; wait")

    pids = stage.members(4)

    assert leader in pids


def test_another_worker_is_no_member(stage: Stage) -> None:
    stage.lead("sleep 1001 & wait")
    other = stage.start("exec sleep 1003", "web-1@1.1")
    known = stage.start("exec sleep 1004", TOKEN)
    stage.children.add(known, lambda _: None)
    stage.children.add(other, lambda _: None)

    pids = stage.members(2)

    assert other not in pids
    assert known not in pids
    stage.children.kill()


def test_a_leader_with_nothing_left_needs_no_sweep(stage: Stage) -> None:
    stage.lead("exit 0")
    turned(stage.reactor, lambda: stage.sweeps)

    assert stage.sweeps == [None]
    assert stage.left == []
    assert not stage.sweeper.running


def test_what_is_left_is_asked_to_end_first(stage: Stage) -> None:
    leader = stage.lead("sleep 1001 & sleep 1002 & wait")
    rest = [pid for pid in stage.members(3) if pid != leader]

    os.kill(leader, signal.SIGKILL)
    turned(stage.reactor, lambda: stage.left)

    assert stage.left == [()]
    assert all(has_ended(pid) for pid in rest)
    assert not stage.sweeper.running


def test_what_does_not_end_when_it_is_asked_is_killed_after_its_time(stage: Stage) -> None:
    leader = stage.lead("(trap '' TERM; sleep 1001 & wait; while :; do sleep 0.1; done) & wait", grace=0.2)
    stage.members(3)

    os.kill(leader, signal.SIGKILL)
    turned(stage.reactor, lambda: stage.left)

    assert stage.left == [()]


def test_a_sweep_can_be_told_that_its_time_is_over(stage: Stage) -> None:
    leader = stage.lead("(trap '' TERM; while :; do sleep 0.1; done) & wait", grace=1000.0)
    stage.members(3)
    os.kill(leader, signal.SIGKILL)
    sweep = turned(stage.reactor, lambda: stage.sweeps)[0]

    assert sweep
    sweep.kill()
    turned(stage.reactor, lambda: stage.left)


def test_what_survives_even_that_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AFTER_KILL", 0.1)
    monkeypatch.setattr(Sweeper, "signal", staticmethod(lambda _members, _number: None))  # nothing we may signal
    leader = stage.lead("exec sleep 1002", grace=0.0)
    (leader,) = stage.members(1)
    child = stage.start("exec sleep 1001", TOKEN)
    os.kill(leader, signal.SIGKILL)
    turned(stage.reactor, lambda: stage.left)

    (left,) = stage.left
    assert [(member.pid, member.name) for member in left] == [(child, "sleep")]


def test_what_was_seen_before_is_found_though_nothing_leads_to_it_any_more(stage: Stage) -> None:
    leader = stage.lead("env -i setsid sleep 1001 & wait")
    rest = [pid for pid in stage.members(2) if pid != leader]
    seen = stage.sweeper.members(leader, TOKEN)
    os.kill(leader, signal.SIGKILL)
    turned(stage.reactor, lambda: stage.sweeps)
    assert stage.sweeps == [None]

    assert stage.sweeper.sweep(leader, TOKEN, 5.0, stage.left.append, seen)
    turned(stage.reactor, lambda: stage.left)

    assert has_ended(rest[0])


def test_a_stranger_with_the_number_of_a_leader_that_is_gone_is_let_alone(stage: Stage) -> None:
    leader = stage.lead("(setsid sh -c \"trap '' TERM; while :; do sleep 0.1; done\" &); exec sleep 1001", grace=1000.0)
    stage.members(3)
    os.kill(leader, signal.SIGKILL)
    sweep = turned(stage.reactor, lambda: stage.sweeps)[0]
    stranger = stage.start("sleep 1005 & wait", "other-0@1.1")
    assert sweep
    # As if the kernel had given the leader's number to this one.
    sweep._leader = sweep._session = stranger

    rounds: list[int] = []
    for _ in range(3):
        stage.reactor.later(0.06, lambda: rounds.append(1))
        turned(stage.reactor, lambda: rounds)
        rounds.clear()

    assert not has_ended(stranger)
    below = [pid for pid, stat in procfs.all_stats().items() if stat.ppid == stranger]
    assert len(below) == 1
    assert not has_ended(below[0])
    sweep.kill()
    turned(stage.reactor, lambda: stage.left)
    assert not has_ended(stranger)
    os.killpg(stranger, signal.SIGKILL)
    os.waitpid(stranger, 0)


def test_one_look_serves_all_who_ask_at_one_time(stage: Stage) -> None:
    stage.lead("exec sleep 1001")
    first = stage.sweeper.stats(0.0)

    assert stage.sweeper.stats(0.0) is first
    turned(stage.reactor, lambda: True)
    assert stage.sweeper.stats(stage.reactor.turned) is not first


def test_a_look_is_not_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 0.05)
    kept = stage.sweeper.stats(0.0)
    assert os.getpid() in kept

    turned(stage.reactor, lambda: stage.sweeper.stats(-2.0) == {})


def test_an_empty_mark_marks_nobody(stage: Stage) -> None:
    stranger = stage.start("exec sleep 1001", "")
    stage.leader = stranger

    assert stage.sweeper.found(procfs.all_stats(), 0, "") == ()
    os.killpg(stranger, signal.SIGKILL)
