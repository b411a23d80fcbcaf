import errno
import fcntl
import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from mainstay.sys import files
from tests.sys.children import line, python


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.write_atomic(str(path), b"old")
    assert mode(path) == 0o600
    files.write_atomic(str(path), b"new" * 100_000, 0o644)

    assert path.read_bytes() == b"new" * 100_000
    assert mode(path) == 0o644
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.write_atomic(str(path), b"old")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            files.write_atomic(str(path), b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)

    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_file_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_atomic(str(tmp_path / "no" / "state.json"), b"x")


def test_a_lock_is_held_by_one_until_he_is_gone(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.lock")
    code = "import sys; from mainstay.sys.files import lock; print(lock(sys.argv[1]) is not None, flush=True); input()"
    with python(code, path) as holder:
        assert line(holder) == "True"
        assert files.lock(path) is None
    mine = files.lock(path)

    assert mine is not None
    assert fcntl.fcntl(mine, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    assert files.lock(path) is None
    os.close(mine)


def test_a_private_folder_is_made_with_its_parents_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a" / "home"
    files.make_private_dir(str(path))
    assert mode(path) == 0o700
    path.chmod(0o755)
    files.make_private_dir(str(path))

    assert mode(path) == 0o700


def test_a_folder_of_someone_else_is_refused() -> None:
    others = "/proc/1" if os.stat("/proc/1").st_uid != os.geteuid() else None
    if others is None:  # we are root: give one away
        others = os.path.realpath(os.path.join("/tmp", f"mainstay-test-{os.getpid()}"))
        os.mkdir(others)
        os.chown(others, 65534, -1)
    try:
        with pytest.raises(PermissionError, match="belongs to user"):
            files.make_private_dir(others)
    finally:
        if others.startswith("/tmp"):
            os.rmdir(others)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotADirectoryError):
        files.make_private_dir(str(tmp_path / "file"))


def test_whether_a_lock_is_held_is_seen_without_taking_it(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.lock")
    assert not files.is_held(path)
    mine = files.lock(path)
    assert mine is not None
    assert files.is_held(path)
    os.close(mine)

    assert not files.is_held(path)
