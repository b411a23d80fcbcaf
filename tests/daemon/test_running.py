import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.core.fleet import Fleet
from mainstay.daemon import running
from mainstay.daemon.running import Running, Unreadable, read
from mainstay.model.spec import Dependency
from tests.core.specs import JOBS, NEVER_READY, WEB, started, stop, web
from tests.core.world import World

BOOT = "7d5b-boot"


def written(path: Path, *fleets: Fleet) -> str:
    file = Running(str(path), BOOT)
    for fleet in fleets:
        file.note(fleet)
    return str(path)


def bare(fleet: Fleet) -> Fleet:
    """Without what is worked out anew by whoever takes over, and what nobody is left to wait for."""
    return replace(fleet, pending={}, deadlines={}, killing=None)


def test_what_was_noted_last_is_read(tmp_path: Path) -> None:
    world = started(web(3))
    first = world.fleet
    world.reply(world.apply(JOBS))
    second = world.fleet
    world.crash("web-1")
    world.answer(stop("jobs"))
    path = written(tmp_path / "running.jsonl", first, second, world.fleet)

    assert read(path, BOOT, world.fleet.cores) == (bare(world.fleet), False)


def test_what_waits_for_other_apps_is_read_with_those_it_waits_for(tmp_path: Path) -> None:
    world = World()
    world.code["jobs"] = NEVER_READY
    world.apply(replace(WEB, depends_on=(Dependency("jobs"),)), JOBS)
    held = world.fleet
    found = read(written(tmp_path / "running.jsonl", held), BOOT, held.cores)
    world.run(120)
    later = read(written(tmp_path / "running.jsonl", held, world.fleet), BOOT, held.cores)

    assert held.held
    assert found == (replace(held, deadlines={}), False)
    assert later == (bare(world.fleet), False)
    assert not world.fleet.held


def test_an_app_that_is_gone_stays_gone(tmp_path: Path) -> None:
    world = started(web(1))
    world.reply(world.apply(JOBS))
    without = replace(world.fleet, apps={"jobs": world.fleet.apps["jobs"]})
    found = read(written(tmp_path / "running.jsonl", world.fleet, without), BOOT, 4)

    assert found is not None
    assert list(found[0].apps) == ["jobs"]


def test_only_what_has_changed_is_written(tmp_path: Path) -> None:
    world = started(web(1))
    world.reply(world.apply(JOBS))
    file = Running(str(tmp_path / "running.jsonl"), BOOT)
    file.note(world.fleet)
    before = (tmp_path / "running.jsonl").read_bytes().partition(b"\0")[0]
    file.note(world.fleet)
    world.crash("web-0")
    file.note(world.fleet)
    after = (tmp_path / "running.jsonl").read_bytes().partition(b"\0")[0]

    assert after.startswith(before)
    assert after[len(before) :].count(b"\n") == 1
    assert b'"jobs"' not in after[len(before) :]


def test_a_line_that_was_not_finished_is_left_out(tmp_path: Path) -> None:
    world = started(web(1))
    path = tmp_path / "running.jsonl"
    written(path, world.fleet)
    data = path.read_bytes().partition(b"\0")[0]
    path.write_bytes(data + b'{"app": "web", "spe')

    assert read(str(path), BOOT, world.fleet.cores) == (bare(world.fleet), False)


def test_of_another_boot_nothing_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "running.jsonl", started(web(1)).fleet)

    assert read(path, "another", 4) is None
    assert read(str(tmp_path / "missing"), BOOT, 4) is None


@pytest.mark.parametrize(
    "data", [b"", b"rubbish\n", b"[]\n", b'{"format": 99, "boot": "7d5b-boot"}\n', b"\0" * 50], ids=repr
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "running.jsonl").write_bytes(data)

    with pytest.raises(Unreadable):
        read(str(tmp_path / "running.jsonl"), BOOT, 4)


def test_a_line_that_is_no_app_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "running.jsonl"
    written(path, started(web(1)).fleet)
    data = path.read_bytes().partition(b"\0")[0]
    path.write_bytes(data + b'{"app": "web", "specs": [1], "value": {"name": 7}}\n')

    with pytest.raises(Unreadable):
        read(str(path), BOOT, 4)


def test_a_file_that_has_grown_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LARGE", 2000)
    world = started(web(1))
    path = tmp_path / "running.jsonl"
    file = Running(str(path), BOOT)
    for _ in range(40):
        file.note(world.fleet)
        world.crash("web-0")
        world.run(61)
    file.note(world.fleet)

    assert len(path.read_bytes().partition(b"\0")[0]) < 60_000
    assert read(str(path), BOOT, world.fleet.cores) == (bare(world.fleet), False)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = written(tmp_path / "running.jsonl", started(web(1)).fleet)

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_when_the_disk_was_full_everything_is_written_at_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = started(web(1))
    path = tmp_path / "running.jsonl"
    file = Running(str(path), BOOT)
    file.note(world.fleet)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        world.crash("web-0")
        with pytest.raises(OSError, match="No space"):
            file.note(world.fleet)
    file.note(world.fleet)

    assert read(str(path), BOOT, world.fleet.cores) == (bare(world.fleet), False)


def test_that_everything_is_being_ended_is_remembered(tmp_path: Path) -> None:
    world = started(web(1))
    found = read(written(tmp_path / "running.jsonl", replace(world.fleet, killing=7)), BOOT, 4)

    assert found is not None
    assert found[1]
