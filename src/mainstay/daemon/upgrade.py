"""Putting a newer daemon in the place of this one: the same process runs another program (execve(2)).

The pid stays, so the workers stay its children; what it holds is found in the store, and what it knows in the files.
"""

import os
from dataclasses import dataclass

from mainstay.daemon.guardian import GUARDIAN, LOCK, STORE
from mainstay.errors import UsageError
from mainstay.sys.subreaper import DONE, MARK


@dataclass(frozen=True, slots=True)
class Successor:
    """The program: its arguments, the first one a path, and its environment."""

    argv: tuple[str, ...]
    env: dict[str, str]

    def take_place(self, store: tuple[int, ...], lock: int, lifeline: int, guardian: int) -> None:
        """Become it; it inherits these descriptors. Raises OSError when it cannot be run, and we are as before."""
        inherited = [fd for fd in (*store, lock, lifeline) if fd >= 0]
        ours = {STORE: ",".join(map(str, store)), LOCK: str(lock), GUARDIAN: str(guardian), MARK: DONE}
        for fd in inherited:
            os.set_inheritable(fd, True)
        try:
            os.execve(self.argv[0], self.argv, self.env | ours)
        finally:
            for fd in inherited:
                os.set_inheritable(fd, False)


def successor_of(args: dict[str, object]) -> Successor:
    """What a request for an upgrade names. Raises UsageError."""
    argv, env = args.get("argv"), args.get("env")
    texts = isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv)
    if not texts or not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise UsageError("cannot be replaced: argv must be a list of texts, and env an object of texts")
    assert isinstance(argv, list)
    if not os.path.isabs(argv[0]) or not os.access(argv[0], os.X_OK):
        raise UsageError(f"cannot be replaced: {argv[0]} is no program that can be run")
    return Successor(tuple(argv), {str(name): value for name, value in env.items()})
