import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.sys import cgroup
from mainstay.sys.cgroup import Cgroup, Hierarchy
from tests.sys.children import line, sleeper
from tests.waiting import until


@pytest.fixture
def made() -> Iterator[Cgroup | None]:
    """A real cgroup where this machine allows it, else None: then the tests show that nothing is promised."""
    group = cgroup.make(f"mainstay-test-{os.getpid()}")
    yield group
    if group is not None:
        group.kill()
        until(group.remove)


def test_a_tree_in_a_cgroup_is_killed_as_one_even_in_a_session_of_its_own(made: Cgroup | None) -> None:
    if made is None:
        assert not cgroup_writable()
        return
    with subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert made.add(shell.pid)
        assert shell.stdin is not None
        shell.stdin.write("setsid sleep 1000 >/dev/null & echo ready\n")
        shell.stdin.flush()
        assert line(shell) == "ready"
        until(lambda: len(made.pids()) == 2)
        assert not made.remove()

        made.kill()
        assert shell.wait() == -9
        until(lambda: made.pids() == [])


def test_a_cgroup_made_twice_is_the_same(made: Cgroup | None) -> None:
    if made is not None:
        assert cgroup.make(os.path.basename(made.path)) == made
        inner = Path(made.path) / "inner"
        inner.mkdir()
        assert made.remove()
        assert not inner.exists()
        assert made.remove()


def test_the_dead_cannot_be_added(made: Cgroup | None) -> None:
    if made is not None:
        with sleeper() as child:
            pass
        assert not made.add(child.pid)


@pytest.mark.parametrize("name", ["", "a/b", "..", "."])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cgroup"):
        cgroup.make(name)


def cgroup_writable() -> bool:
    return any(one.version == 2 and os.access(one.folder, os.W_OK) for one in cgroup.hierarchies())


MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 /docker/abc /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
MEMBERSHIP = "2:cpu,cpuacct:/jobs/one\n1:name=systemd:/\n0::/docker/abc/inner\n"


def test_hierarchies_are_found_where_they_are_mounted(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    (tmp_path / "cgroup").write_text(MEMBERSHIP)
    one, two = cgroup.hierarchies(str(tmp_path / "mountinfo"), str(tmp_path / "cgroup"))

    assert one == Hierarchy(1, "/sys/fs/cgroup/cpu", ("cpu", "cpuacct"), "/jobs/one")
    assert list(one.up()) == ["/sys/fs/cgroup/cpu/jobs/one", "/sys/fs/cgroup/cpu/jobs", "/sys/fs/cgroup/cpu"]
    assert two == Hierarchy(2, "/sys/fs/cgroup/unified", (), "/inner")


def test_a_container_that_sees_another_root_takes_the_mount_for_its_own(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    (one,) = cgroup.hierarchies(str(tmp_path / "mountinfo"), str(tmp_path / "cgroup"))

    assert one.folder == "/sys/fs/cgroup"
