"""Control groups (cgroups(7)): where ours are, and v2 groups of our own that end a whole tree in one write.

A process cannot leave a cgroup by forking or by a session of its own, so this is the surest way to hold a tree, where
it may be used: as root, or in a delegated subtree (systemd `Delegate=yes`).
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from mainstay.sys.procfs import read


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted cgroup hierarchy: version 1 or 2, where it is mounted, and our own folder below that."""

    version: int
    mount_point: str
    controllers: tuple[str, ...]
    own: str

    @property
    def folder(self) -> str:
        """The folder of the cgroup we are in."""
        return (self.mount_point + self.own).rstrip("/")

    def up(self) -> Iterator[str]:
        """Our folder, its parent, and so on up to the mount point."""
        folder = self.folder
        while len(folder) > len(self.mount_point):
            yield folder
            folder = folder.rpartition("/")[0]
        yield self.mount_point


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A v2 cgroup that we made, by its folder."""

    path: str

    def child(self, name: str) -> "Cgroup | None":
        """A cgroup of that name below this one, made when it is not there; None when it cannot be."""
        path = f"{self.path}/{name}"
        return Cgroup(path) if _made(path) else None

    def add(self, pid: int) -> bool:
        """Move a process in; what it forks from now on is born there. False when it is gone or may not be moved."""
        return _write(f"{self.path}/cgroup.procs", str(pid))

    def kill(self) -> None:
        """SIGKILL to all in it and below, also to those being forked right now (cgroup.kill, Linux 5.14)."""
        if _write(f"{self.path}/cgroup.kill", "1"):
            return
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def pids(self) -> list[int]:
        """All processes in it and below, zombies not yet reaped included."""
        return [int(pid) for folder in self._folders() for pid in read(f"{folder}/cgroup.procs").split()]

    def remove(self) -> bool:
        """Take it away with all below it; False while there are processes in it."""
        for folder in reversed(self._folders()):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                continue
            except OSError:
                return False
        return True

    def _folders(self) -> list[str]:
        """Parents before children."""
        found = [self.path]
        for folder in found:  # grows while we walk it
            try:
                with os.scandir(folder) as entries:
                    found.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
            except OSError:
                continue
        return found


def make(name: str) -> Cgroup | None:
    """A cgroup of that name below our own, or the one that is there; None where cgroup v2 may not be used.

    `name` is one path component.
    """
    if not name or "/" in name or name in (".", ".."):
        raise ValueError(f"cannot make cgroup {name!r}: not a name")
    for hierarchy in hierarchies():
        path = f"{hierarchy.folder}/{name}"
        if hierarchy.version == 2 and _made(path) and os.access(f"{path}/cgroup.procs", os.W_OK):
            return Cgroup(path)
    return None


def hierarchies(
    mountinfo: str = "/proc/self/mountinfo", membership: str = "/proc/self/cgroup"
) -> tuple[Hierarchy, ...]:
    """The hierarchies that are mounted here, from proc_pid_mountinfo(5) and cgroups(7); empty outside Linux."""
    own = _membership(read(membership).decode(errors="replace"))
    found = []
    for line in read(mountinfo).decode(errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        kind = after.split()
        if len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        root, mount_point = before.split()[3:5]
        version = 2 if kind[0] == "cgroup2" else 1
        controllers = () if version == 2 else tuple(name for name in kind[2].split(",") if name in own)
        path = own.get("" if version == 2 else next(iter(controllers), "none"))
        if path is not None:
            found.append(Hierarchy(version, mount_point, controllers, _below(root, path)))
    return tuple(found)


def _membership(text: str) -> dict[str, str]:
    """Controller to path; "" stands for version 2."""
    found = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _below(root: str, path: str) -> str:
    """The part of our path that shows below the mount; a container sees the mount's root as its own cgroup."""
    if root == "/":
        return "" if path == "/" else path
    if path == root or path.startswith(root + "/"):
        return path[len(root) :]
    return ""


def _made(path: str) -> bool:
    try:
        os.mkdir(path, 0o755)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _write(path: str, text: str) -> bool:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(fd, text.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
