"""Start a program by fork and exec: for what posix_spawn(3) cannot do, such as telling the child its own pid.

The parent should be small, as fork copies its page tables. Its other threads are no danger: the child imports nothing
and takes no lock.
"""

import errno
import fcntl
import functools
import os
import signal
import struct
from collections.abc import Callable, Iterable

from mainstay.sys.fds import close_from
from mainstay.sys.program import Spawn, SpawnFailed, find

_REPORT = struct.Struct("=ic")  # errno, what failed; then the path
_WHAT = {b"c": "cwd", b"e": "exec", b"s": "setup", b"i": "identity", b"n": "nice", b"l": "rlimits"}

_SetLimit = Callable[[int, tuple[int, int]], None]


def spawn(spec: Spawn) -> int:
    """Start it and return its pid once the program itself runs. Raises SpawnFailed; OSError without descriptors."""
    changed = _not_default()
    set_limit = _set_limit() if spec.rlimits else None
    report_read, report_write = os.pipe()
    try:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals())
        try:
            pid = _fork(spec)
            if pid == 0:
                _become(spec, changed, report_write, set_limit)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    except BaseException:
        os.close(report_read)
        raise
    finally:
        os.close(report_write)
    try:
        report = os.read(report_read, 8192)  # nothing, when exec closes the other end
    finally:
        os.close(report_read)
    if not report:
        return pid
    os.waitpid(pid, 0)
    number, what = _REPORT.unpack_from(report)
    raise SpawnFailed(number, _WHAT[what], os.fsdecode(report[_REPORT.size :]))


def _fork(spec: Spawn) -> int:
    try:
        return os.fork()
    except OSError as error:  # too many processes, no memory: as posix_spawn reports it
        raise SpawnFailed(error.errno or errno.EAGAIN, "exec", spec.argv[0]) from error


@functools.cache
def signals() -> frozenset[int]:
    """All signals that a program can have a say in."""
    return frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}


def _not_default() -> tuple[int, ...]:
    """Signals that the child would take over as ignored, or whose handlers it could run before exec."""
    return tuple(number for number in signals() if signal.getsignal(number) != signal.SIG_DFL)


def _set_limit() -> _SetLimit:
    import resource  # seldom needed

    return resource.setrlimit


def _become(spec: Spawn, changed: Iterable[int], report: int, set_limit: _SetLimit | None) -> None:
    """In the child: never returns. All signals are blocked until ours have been given up."""
    what, path = b"s", ""
    try:
        os.setsid()
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
        if spec.umask is not None:
            os.umask(spec.umask)
        report = _place(spec, report)
        if spec.nice:
            what, path = b"n", str(spec.nice)
            os.setpriority(os.PRIO_PROCESS, 0, spec.nice)
        if set_limit:
            what, path = b"l", ""
            _limit(set_limit, spec.rlimits)
        if spec.identity:
            what, path = b"i", spec.identity.name
            os.setgroups(spec.identity.groups)
            os.setgid(spec.identity.gid)
            os.setuid(spec.identity.uid)
        what, path = b"c", spec.cwd
        os.chdir(spec.cwd)
        what, path = b"e", spec.argv[0]
        path = find(path, spec.env)
        env = spec.env
        if env.get("LISTEN_PID") == "self":
            env = {**env, "LISTEN_PID": str(os.getpid())}
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(path, spec.argv, env)
    except OSError as error:
        _tell(report, error.errno or errno.EIO, what, path)
    except BaseException:  # a NUL in a string, a name with "="
        _tell(report, errno.EINVAL, what, path)
    finally:
        os._exit(127)


def _limit(set_limit: _SetLimit, rlimits: Iterable[tuple[int, int, int]]) -> None:
    for number, soft, hard in rlimits:
        try:
            set_limit(number, (soft, hard))
        except ValueError:  # as Python tells both of them
            raise OSError(errno.EINVAL if soft > hard >= 0 else errno.EPERM, "") from None


def _tell(report: int, number: int, what: bytes, path: str) -> None:
    os.write(report, _REPORT.pack(number, what) + os.fsencode(path)[:4096])


def _place(spec: Spawn, report: int) -> int:
    """Put each descriptor where the child expects it and close all others. The new number of `report`."""
    stdin = os.open("/dev/null", os.O_RDONLY) if spec.stdin is None else spec.stdin
    wanted = ((stdin, 0), (spec.stdout, 1), (spec.stderr, 2), *spec.pass_fds)
    above = max(number for _, number in wanted) + 1
    # All sources go above all targets first, so that no dup2 overwrites a source still needed.
    report = fcntl.fcntl(report, fcntl.F_DUPFD_CLOEXEC, above)
    moved = [(fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, above), number) for source, number in wanted]
    for source, number in moved:
        os.dup2(source, number)
    close_from(0, {report, *(number for _, number in moved)})
    return report
