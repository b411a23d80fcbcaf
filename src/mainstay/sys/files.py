"""Files that must never be seen half-written, locked twice, or read by others."""

import contextlib
import errno
import fcntl
import os


def write_atomic(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data` with permissions `mode`: after a crash it has the old content or the new, whole.

    Raises OSError (ENOSPC ...); the old file is then untouched and nothing is left beside it. Two processes may not
    write the same file at one time unless they hold a `lock`.
    """
    folder = os.path.dirname(path) or "."
    draft = f"{path}.{os.getpid()}.new"
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, mode)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(draft, path)
    except BaseException:
        _forget(draft)
        raise
    _sync(folder)


def lock(path: str) -> int | None:
    """Hold the lock file `path`, made when missing, until the descriptor is closed; None when another holds it.

    A lock of flock(2): it belongs to the open file, so a forked child shares it and exec, the descriptor being
    close-on-exec, lets go. Raises OSError when the file cannot be opened.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if take(fd):
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def take(fd: int) -> bool:
    """Lock an open file as `lock` does; False when another holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: str) -> bool:
    """Whether somebody holds the lock file `path`; one that is not there nobody holds. Raises OSError.

    It is taken for a moment to see that: whoever wants it just then has to try again.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not take(fd)
    finally:
        os.close(fd)


def make_private_dir(path: str) -> None:
    """Make `path`, with missing parents, a folder that only we may enter (0700); one that is there is closed to others.

    Raises PermissionError when it belongs to someone else, NotADirectoryError when it is none.
    """
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        if found.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, f"belongs to user {found.st_uid}, not to us", path)
        if found.st_mode & 0o777 != 0o700:
            os.fchmod(fd, 0o700)
    finally:
        os.close(fd)


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
