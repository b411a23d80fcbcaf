"""A MAINSTAY_HOME that cannot be used: one clear line, exit code 1, nothing half-made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon
from tests.cli.running import Ran, environment, mainstay
from tests.client.nobody import place_for_nobody

START = ("start", "sleep 1000", "--name", "one")


@pytest.mark.parametrize("argv", [("list",), START, ("kill",)])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file", "it is not a folder"),
        ("file/below", "Not a directory"),
        ("x" * 100, "longer than 107 bytes"),
    ],
)
def test_a_path_that_can_be_no_home_is_one_clear_line(
    tmp_path: Path, argv: tuple[str, ...], place: str, words: str
) -> None:
    (tmp_path / "file").touch()

    ran = mainstay(tmp_path / place, *argv)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"mainstay: cannot use {tmp_path / place}: ")
    assert words in ran.err.splitlines()[0]
    assert [line for line in ran.err.splitlines()[1:] if not line.startswith("  hint: ")] == []


def test_what_stands_in_the_daemons_way_is_named_without_a_traceback(home: Path) -> None:
    (home / "daemon.lock").mkdir(parents=True)
    home.chmod(0o700)

    ran = mainstay(home, *START)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"mainstay: cannot start the daemon: {home}/daemon.lock: Is a directory\n  hint: its log is {home}/daemon.log\n"
    )


@pytest.mark.parametrize("inodes", [1, 2, 3])
def test_a_disk_that_is_full_is_one_clear_line_and_nothing_runs(inodes: int) -> None:
    """With one inode the home cannot be made, with two its log cannot, with three no folder in it."""
    with place_for_nobody() as folder:
        ran = started_where_no_room_is(folder, inodes)

    first, *rest = ran.err.splitlines()
    assert (ran.code, ran.out) == (1, "")
    assert first.startswith(("mainstay: cannot make ", "mainstay: cannot start the daemon: "))
    assert first.endswith((": No space left on device", ": Permission denied", ": Read-only file system"))
    assert [line for line in rest if not line.startswith("  hint: ")] == []


def started_where_no_room_is(folder: str, inodes: int) -> Ran:
    """`start` with its home on a full disk, mounted for it alone; where that may not be, in a closed folder."""
    command = [sys.executable, "-m", "mainstay", *START]
    mount = f'mount -t tmpfs -o size=64k,nr_inodes={inodes} none "$1" && shift && exec "$@"'
    if os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"]).returncode == 0:
        command = ["unshare", "-m", "sh", "-c", mount, "sh", folder, *command]
    else:
        os.chmod(folder, 0o555)
    ran = subprocess.run(
        command, env=environment(Path(folder, "home")), capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("argv", [("list",), ("list", "--json"), START, ("stop", "all"), ("kill",), ("logs",)])
def test_a_daemon_of_another_protocol_is_one_clear_line_whatever_is_asked(home: Path, argv: tuple[str, ...]) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "9.0", "protocol": 9, "pid": 77}):
        ran = mainstay(home, *argv)

    first, hint = ran.err.splitlines()
    assert (ran.code, ran.out) == (1, "")
    assert first.startswith("mainstay: cannot talk to the daemon (pid 77): it is mainstay 9.0 with protocol 9")
    assert hint == "  hint: use the command of mainstay 9.0, or stop that daemon: kill 77"
