import shutil
from pathlib import Path

import pytest

from mainstay.core.events import Stage
from mainstay.core.fleet import Fleet
from mainstay.core.resume import Found, take_over
from mainstay.daemon.declared import Declared
from mainstay.daemon.state import State
from mainstay.model.exits import Exited
from mainstay.model.spec import AppSpec, Condition, Dependency, Overlap
from tests.core.specs import JOBS, started, web

FORMATS = sorted((Path(__file__).parent / "formats").iterdir())
"""Both files as older daemons wrote them, of a fleet with a rollout, a refresh, a run and a step under way.

They are never written anew: an upgrade in place and a boot read what was written then.
"""


def test_a_state_that_was_not_closed_may_have_processes_that_run(tmp_path: Path) -> None:
    world = started(web(2))
    state = State(str(tmp_path), print)
    state.note(world.fleet)
    state.remember(world.fleet)
    fleet, may_run, ending = State(str(tmp_path), print).load(world.fleet.cores)

    assert (may_run, ending) == (True, False)
    assert fleet.apps == world.fleet.apps


def test_a_state_that_was_closed_has_none_and_knows_what_to_revive(tmp_path: Path) -> None:
    world = started(web(2))
    state = State(str(tmp_path), print)
    state.note(world.fleet)
    state.close(world.fleet)
    fleet, may_run, _ = State(str(tmp_path), print).load(4)

    assert not may_run
    assert fleet.apps["web"].revive == {0, 1}
    assert not (tmp_path / "running.jsonl").exists()


def test_what_runs_is_known_though_what_is_declared_is_damaged(tmp_path: Path) -> None:
    world = started(web(2))
    state = State(str(tmp_path), print)
    state.note(world.fleet)
    state.remember(world.fleet)
    (tmp_path / "state.json").write_text("rubbish")
    said: list[str] = []
    fleet, may_run, _ = State(str(tmp_path), said.append).load(4)

    assert may_run
    assert fleet.apps == world.fleet.apps
    assert "state.json" in said[0]


def test_what_runs_being_damaged_it_is_set_aside_and_what_is_declared_is_used(tmp_path: Path) -> None:
    world = started(web(2))
    state = State(str(tmp_path), print)
    state.note(world.fleet)
    state.remember(world.fleet)
    (tmp_path / "running.jsonl").write_text("rubbish\n")
    said: list[str] = []
    fleet, may_run, _ = State(str(tmp_path), said.append).load(4)

    assert (may_run, list(fleet.apps)) == (False, ["web"])
    assert "running.jsonl.damaged" in said[0]
    assert (tmp_path / "running.jsonl.damaged").exists()


def test_that_something_cannot_be_remembered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    state = State(str(tmp_path), said.append)
    world = started(web(1))
    world.reply(world.apply(JOBS))
    state.note(world.fleet)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Declared, "write", full)

    assert "No space left" in state.remember(world.fleet)
    assert state.is_behind
    assert len(said) == 1


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "home"))


def spec_of(fleet: Fleet, app: str) -> AppSpec:
    return fleet.apps[app].spec


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_what_an_older_daemon_had_running_is_taken_over(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstay.daemon.state.boot_id", lambda: "the-boot")
    said: list[str] = []
    fleet, may_run, _ = State(str(copied(folder, tmp_path)), said.append).load(4)
    web, tick, jobs, proxy = (fleet.apps[name] for name in ("web", "tick", "jobs", "proxy"))

    assert (may_run, said) == (True, [])
    assert web.rollout is not None
    assert (web.generation, web.rollout.generation, len(web.queue)) == (1, 2, 1)
    assert proxy.refresh is not None
    assert [unfit.worker.slot.index for unfit in proxy.unfit] == [0, 1]
    assert tick.job is not None
    assert tick.job.run is not None
    assert [ran.ending for ran in tick.job.runs] == [Exited(3)]
    assert jobs.step is not None
    assert jobs.step.stage is Stage.AFTER_STOP
    assert take_over(fleet, Found({}), 2000.0)[0].apps.keys() == fleet.apps.keys()


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_what_was_declared_to_an_older_daemon_is_known_after_a_boot(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    fleet, may_run, _ = State(str(copied(folder, tmp_path)), said.append).load(4)
    web, schedule = spec_of(fleet, "web"), spec_of(fleet, "tick").schedule

    assert (may_run, said) == (False, [])
    assert {name: app.revive for name, app in fleet.apps.items()} == {
        "proxy": {0, 1},
        "web": {0, 1, 2},
        "tick": {0},
        "jobs": frozenset(),
    }
    assert (web.environment, web.before_start, web.limits.memory) == ("staging", ("migrate", "--all"), 10**9)
    assert web.depends_on == (Dependency("proxy", Condition.HEALTHY),)
    assert [str(bind) for bind in web.binds] == ["127.0.0.1:8000", "unix:/run/shop.sock"]
    assert schedule is not None
    assert (schedule.timezone, schedule.overlap) == ("Europe/Berlin", Overlap.QUEUE)
    assert [hook.event for hook in spec_of(fleet, "jobs").hooks] == ["crash"]
