from pathlib import Path

import pytest

from mainstay.daemon.declared import Declared
from mainstay.daemon.state import State
from tests.core.specs import JOBS, started, web


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
