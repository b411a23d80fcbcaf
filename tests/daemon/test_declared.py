import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.core.fleet import Fleet
from mainstay.core.resume import after_shutdown
from mainstay.daemon.declared import Declared
from mainstay.sys import files
from tests.core.specs import JOBS, started, stop, web


def written(folder: Path, *fleets: Fleet) -> Declared:
    declared = Declared(str(folder))
    for fleet in fleets:
        declared.look(fleet)
        declared.write(fleet)
    return declared


def names(folder: Path) -> list[str]:
    fleet, _ = Declared(str(folder)).read(4)
    return list(fleet.apps)


def test_what_is_declared_is_read_again_at_rest(tmp_path: Path) -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    world.answer(stop("jobs"))
    written(tmp_path, world.fleet)
    fleet, troubles = Declared(str(tmp_path)).read(world.fleet.cores)

    assert fleet == after_shutdown(world.fleet)
    assert troubles == []


def test_a_worker_that_came_and_went_is_no_reason_to_write_and_a_stop_is(tmp_path: Path) -> None:
    world = started(web(2))
    declared = written(tmp_path, world.fleet)
    world.crash("web-0")
    world.run(10)
    declared.look(world.fleet)
    after_a_crash = declared.is_behind
    world.answer(stop("web"))
    declared.look(world.fleet)

    assert (after_a_crash, declared.is_behind) == (False, True)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    written(tmp_path, started(web(1)).fleet)

    assert stat.S_IMODE(os.stat(tmp_path / "state.json").st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b'{"format": 1, "apps": [{"type": "App"', b"[]\n"], ids=repr)
def test_a_damaged_file_is_set_aside_and_the_one_before_is_used(tmp_path: Path, damage: bytes) -> None:
    world = started(web(1))
    first = world.fleet
    world.reply(world.apply(JOBS))
    written(tmp_path, first, world.fleet)
    (tmp_path / "state.json").write_bytes(damage)
    fleet, troubles = Declared(str(tmp_path)).read(4)

    assert list(fleet.apps) == ["web"]
    assert len(troubles) == 1
    (aside,) = tmp_path.glob("state.json.damaged-*")
    assert str(aside) in troubles[0]
    assert aside.read_bytes() == damage


def test_without_any_file_there_is_nothing(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_when_it_cannot_be_written_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(web(1))
    declared = written(tmp_path, world.fleet)
    world.reply(world.apply(JOBS))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomic", full)
    declared.look(world.fleet)
    with pytest.raises(OSError, match="No space"):
        declared.write(world.fleet)

    assert names(tmp_path) == ["web"]
    assert declared.is_behind


def test_numbers_go_on_where_they_were(tmp_path: Path) -> None:
    world = started(web(3))
    written(tmp_path, replace(world.fleet, next_number=9))
    fleet, _ = Declared(str(tmp_path)).read(4)

    assert fleet.next_number == 9
