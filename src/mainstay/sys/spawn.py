"""Start a program. One that cannot be started is reported at once, with the cause.

By posix_spawn(3), which copies nothing of the parent, where it can do what is asked; by fork and exec otherwise
(three to six times slower). Not subprocess: that costs the daemon 2 MB and cannot tell the child its own pid.
"""

import errno
import fcntl
import functools
import os

from mainstay.sys import forked
from mainstay.sys.fds import listed_fds, open_fds
from mainstay.sys.program import Spawn, SpawnFailed, find

__all__ = ["Spawn", "SpawnFailed", "seal", "spawn"]

# As os.posix_spawn takes them: open a file, close, or dup2.
_Action = tuple[int, int, str, int, int] | tuple[int, int] | tuple[int, int, int]


def spawn(spec: Spawn) -> int:
    """Start it and return its pid as soon as the program itself runs. Raises SpawnFailed; OSError without descriptors.

    The working folder of this process is another one for a moment: its other threads may use absolute paths only.
    """
    plain = spec.umask is None and spec.identity is None and not spec.nice and not spec.rlimits
    if plain and spec.env.get("LISTEN_PID") != "self" and _spawns_sessions():
        return _spawn(spec)
    return forked.spawn(spec)


_sealed = False


def seal() -> None:
    """Have nothing inherited by accident from now on: what is open is made close-on-exec, as Python makes all else.

    So no later start has to look for what it must close, which is slow with hundreds of descriptors. Whoever makes one
    inheritable afterwards is to start nothing meanwhile.
    """
    global _sealed
    for fd in open_fds():
        if fd > 2:  # each program gets its own 0, 1 and 2
            os.set_inheritable(fd, False)
    _sealed = True


@functools.cache
def _spawns_sessions() -> bool:
    """Whether this Python's posix_spawn can make sessions (glibc 2.26 at the time it was compiled); tried out, once."""
    try:
        pid = os.posix_spawn("/bin/true", ["true"], {}, setsid=True)
    except (NotImplementedError, OSError):
        return False
    os.waitpid(pid, 0)
    return True


def _spawn(spec: Spawn) -> int:
    here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC)
    temporary: list[int] = []
    what, path = "cwd", spec.cwd
    try:
        os.chdir(spec.cwd)
        what, path = "setup", ""
        actions = _actions(spec, temporary)
        what, path = "exec", spec.argv[0]
        path = find(path, spec.env)
        return os.posix_spawn(
            path,
            spec.argv,
            spec.env,
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=forked.signals(),
        )
    except OSError as error:
        raise SpawnFailed(error.errno or errno.EIO, what, path) from error
    except ValueError as error:  # a NUL in a string, a name with "="
        raise SpawnFailed(errno.EINVAL, what, path) from error
    finally:
        os.fchdir(here)
        for fd in (here, *temporary):
            os.close(fd)


def _actions(spec: Spawn, temporary: list[int]) -> list[_Action]:
    """Put each descriptor where the child expects it, and close what it would inherit beyond that."""
    wanted = [(spec.stdout, 1), (spec.stderr, 2), *spec.pass_fds]
    if spec.stdin is not None:
        wanted.append((spec.stdin, 0))
    targets = {0, *(number for _, number in wanted)}
    actions: list[_Action] = []
    for source, number in wanted:
        if source <= max(targets):  # it might be overwritten before it is used, or be in its place with close-on-exec
            source = fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, max(targets) + 1)
            temporary.append(source)
        else:
            os.get_inheritable(source)  # a bad descriptor is found here, not taken for a failure of exec
        actions.append((os.POSIX_SPAWN_DUP2, source, number))
    if spec.stdin is None:
        actions.append((os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0))
    if not _sealed:
        actions.extend((os.POSIX_SPAWN_CLOSE, fd) for fd in listed_fds() if fd not in targets and _is_inherited(fd))
    return actions


def _is_inherited(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:  # another thread has closed it since it was listed, or it was for listing them
        return False
