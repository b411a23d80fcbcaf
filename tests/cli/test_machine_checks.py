import os
import resource
import time
from pathlib import Path

import pytest

from mainstay.cli import machine_checks
from mainstay.cli.findings import Level
from mainstay.sys import pidfd, procfs


def test_each_feature_is_looked_at_and_what_is_lost_without_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidfd, "supported", lambda: False)
    found = {finding.check: finding for finding in machine_checks.kernel()}

    assert {"pidfd", "steering", "subreaper", "splice", "memfd", "cgroups", "inotify", "somaxconn"} == found.keys()
    assert found["pidfd"].level is Level.WARN
    assert "could reach a process" in found["pidfd"].text
    assert all(finding.mend for finding in found.values() if finding.level is not Level.OK)


@pytest.mark.parametrize(("check", "file"), [("somaxconn", "somaxconn"), ("inotify", "max_user_watches")])
def test_a_sysctl_that_is_low_is_told(monkeypatch: pytest.MonkeyPatch, check: str, file: str) -> None:
    read = procfs.read
    monkeypatch.setattr(procfs, "read", lambda path: b"128\n" if path.endswith(file) else read(path))
    (found,) = [finding for finding in machine_checks.kernel() if finding.check == check]

    assert found.level is Level.WARN
    assert found.mend.startswith("sysctl ")


def test_few_open_files_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 256))

    assert machine_checks.limits()[0].level is Level.WARN


def test_a_user_without_processes_left_has_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1, 1))
    monkeypatch.setattr(os, "geteuid", lambda: os.stat("/proc/self").st_uid + 1)

    assert [finding.level for finding in machine_checks.limits()] == [Level.WARN, Level.PROBLEM]


def test_a_disk_is_looked_at_once_also_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    found = machine_checks.disks({"home": str(tmp_path / "no" / "home"), "logs": str(tmp_path)})

    assert [finding.check for finding in found] == ["disk of home"]


@pytest.mark.parametrize(("blocks", "level"), [(0, Level.PROBLEM), (50_000, Level.WARN), (10_000_000, Level.OK)])
def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch, blocks: int, level: Level) -> None:
    room = os.statvfs_result((4096, 4096, 20_000_000, blocks, blocks, 10**6, 10**6, 10**6, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: room)

    assert [finding.level for finding in machine_checks.disks({"home": "/"})] == [level]


def test_a_clock_that_was_never_set_is_told() -> None:
    assert machine_checks.clock(0.0).level is Level.PROBLEM
    assert machine_checks.clock(time.time()).level is Level.OK


def test_a_folder_for_temporary_files_has_to_be_there(tmp_path: Path) -> None:
    assert machine_checks.temporary(str(tmp_path)).level is Level.OK
    assert machine_checks.temporary(str(tmp_path / "no")).level is Level.WARN
