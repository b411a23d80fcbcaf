"""What to start, as data, and where it is found."""

import errno
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a process runs: user, group and supplementary groups, as numbers; `name` is for messages."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spawn:
    """What to start, and with what. The child always gets a session of its own and no signal mask or handlers of ours.

    `argv[0]` with a slash is a path (relative to `cwd`), otherwise looked for in PATH of `env`. LISTEN_PID="self" in
    `env` becomes the child's pid (sd_listen_fds(3)). `stdin` None is /dev/null. `pass_fds` are pairs of a descriptor
    here and its number there; no other descriptor is inherited. `umask` None, `identity` None and a `nice` of 0 keep
    ours. `rlimits` are the number, soft and hard value of each limit (setrlimit(2)), -1 meaning unlimited.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    stdout: int
    stderr: int
    stdin: int | None = None
    pass_fds: tuple[tuple[int, int], ...] = ()
    umask: int | None = None
    identity: Identity | None = None
    nice: int = 0
    rlimits: tuple[tuple[int, int, int], ...] = ()


class SpawnFailed(Exception):
    """The program was not started and no child is left.

    `what` is "cwd", "exec", "identity", "nice", "rlimits" or "setup" (descriptors, session); `path` what that is about.

    "exec" with ENOENT for a file that exists means that the interpreter in its first line is missing.
    """

    def __init__(self, number: int, what: str, path: str) -> None:
        super().__init__(f"{what} {path!r}: {os.strerror(number)}")
        self.errno = number
        self.what = what
        self.path = path


def find(name: str, env: dict[str, str]) -> str:
    """The file that `name` means, as execvp(3) looks for it, from the current folder; OSError when there is none."""
    if "/" in name:
        return name
    refused = ""
    for folder in env.get("PATH", os.defpath).split(":"):
        path = f"{folder or '.'}/{name}"
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return path
            refused = refused or path
    if refused:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), refused)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
