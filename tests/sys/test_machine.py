import os
import time
from pathlib import Path

import pytest

from mainstay.sys import machine
from mainstay.sys.cgroup import Hierarchy


def v2(folder: Path, own: str) -> Hierarchy:
    return Hierarchy(2, str(folder), (), own)


def test_at_least_one_core_and_no_more_than_the_affinity() -> None:
    assert 1 <= machine.cores() <= len(os.sched_getaffinity(0))


def test_affinity_bounds_the_cores() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 8), ("150000 100000", 2), ("10000 100000", 1), ("1600000 100000", 8), ("200000 100000", 2)],
)
def test_a_quota_is_rounded_up(tmp_path: Path, quota: str, cores: int) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/cpu.max").write_text(quota + "\n")

    assert machine.bounded(8, (v2(tmp_path, "/app"),)) == cores


def test_the_tightest_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    (tmp_path / "slice/app").mkdir(parents=True)
    (tmp_path / "slice/app/cpu.max").write_text("max 100000\n")
    (tmp_path / "slice/cpu.max").write_text("300000 100000\n")
    (tmp_path / "cpu.max").write_text("500000 100000\n")

    assert machine.bounded(8, (v2(tmp_path, "/slice/app"),)) == 3


def test_a_quota_of_version_one_counts_for_its_controller_only(tmp_path: Path) -> None:
    (tmp_path / "cpu.cfs_quota_us").write_text("250000\n")
    (tmp_path / "cpu.cfs_period_us").write_text("100000\n")

    assert machine.bounded(8, (Hierarchy(1, str(tmp_path), ("cpu", "cpuacct"), ""),)) == 3
    assert machine.bounded(8, (Hierarchy(1, str(tmp_path), ("memory",), ""),)) == 8
    (tmp_path / "cpu.cfs_quota_us").write_text("-1\n")
    assert machine.bounded(8, (Hierarchy(1, str(tmp_path), ("cpu",), ""),)) == 8


def test_the_machine_has_booted_in_the_past_and_the_boot_has_a_name() -> None:
    booted = machine.boot_time()

    assert booted is not None
    assert booted <= time.time()
    assert machine.boot_id() == machine.boot_id()
    assert len(machine.boot_id() or "") == 36
