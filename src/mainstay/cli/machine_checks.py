"""What the machine offers: kernel features with what is lost without each, limits, disks, the clock."""

from __future__ import annotations

import os
import resource
import time

from mainstay.cli.findings import ok, problem, warn
from mainstay.cli.units import memory_text
from mainstay.sys import cgroup, machine, pidfd, procfs, reuseport, subreaper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding

BACKLOG = 2048  # what the daemon listens with
FILES = 4096
PROCESSES_LEFT = 50
WATCHES = 8192
SPACE_LOW = 500 * 1024 * 1024
SPACE_OUT = 20 * 1024 * 1024
INODES_LOW = 1000
_KERNEL = "a newer kernel has it"
_OLDEST_SENSE = 1_735_689_600  # 2025: a clock before that was never set


def kernel() -> list[Finding]:
    """Features of the kernel that we use."""
    return [
        _feature(
            "pidfd", pidfd.supported(), "a signal could reach a process that got the number of a dead one", _KERNEL
        ),
        _feature(
            "steering",
            reuseport.supports_steering(),
            "new connections are not steered: a reload is gentle, a canary's share is not exact",
            "Linux with SO_ATTACH_REUSEPORT_CBPF has it; sandboxes such as gVisor do not",
        ),
        _feature("subreaper", subreaper.supported(), "what a worker leaves behind is not ended with it", _KERNEL),
        _feature("splice", hasattr(os, "splice"), "output is copied once more on its way to the logs", _KERNEL),
        _feature("memfd", hasattr(os, "memfd_create"), "state cannot be handed over in memory", _KERNEL),
        _cgroups(),
        _inotify(),
        _somaxconn(),
    ]


def _feature(check: str, there: bool, lost: str, mend: str) -> Finding:
    return ok(check, "is there") if there else warn(check, f"is not there: {lost}", mend)


def _cgroups() -> Finding:
    made = cgroup.make(f"mainstay-doctor-{os.getpid()}")
    if made is not None:
        made.remove()
        return ok("cgroups", "can be made (v2)")
    text = "cannot be made (v2): what a worker starts in a session of its own, and disowns, may escape a stop"
    return warn("cgroups", text, "run as root, or from a systemd unit with Delegate=yes")


def _number(path: str) -> int | None:
    text = procfs.read(path).strip()
    return int(text) if text.isdigit() else None


def _inotify() -> Finding:
    watches = _number("/proc/sys/fs/inotify/max_user_watches")
    if watches is None or watches >= WATCHES:
        return ok("inotify", "unlimited" if watches is None else f"{watches} watches")
    text = f"{watches} watches: `mainstay dev` may miss changes in large projects"
    return warn("inotify", text, "sysctl fs.inotify.max_user_watches=65536")


def _somaxconn() -> Finding:
    most = _number("/proc/sys/net/core/somaxconn")
    if most is None or most >= BACKLOG:
        return ok("somaxconn", "not known here" if most is None else str(most))
    text = f"{most}: a burst of connections is cut there, we could queue {BACKLOG}"
    return warn("somaxconn", text, f"sysctl net.core.somaxconn={BACKLOG * 2}")


def limits() -> list[Finding]:
    """What this user may have at once."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = files != resource.RLIM_INFINITY and files < FILES
    text = "unlimited" if files == resource.RLIM_INFINITY else str(files)
    mend = "raise it: LimitNOFILE=65536 in a unit, or nofile in /etc/security/limits.conf"
    found = [
        warn("open files", f"{text} at most: a worker takes about ten, a connection one", mend)
        if few
        else ok("open files", f"{text} at most")
    ]
    most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if most == resource.RLIM_INFINITY or os.geteuid() == 0:  # root is not bound by it
        return [*found, ok("processes", "unlimited")]
    used = _threads_of(os.geteuid())
    if most - used < PROCESSES_LEFT:
        text = f"{used} of {most} are in use: starts will fail"
        return [*found, problem("processes", text, "raise it: LimitNPROC= in a unit, or nproc in limits.conf")]
    return [*found, ok("processes", f"{used} of {most} in use")]


def _threads_of(uid: int) -> int:
    total = 0
    for pid, one in procfs.all_stats().items():
        try:
            if os.stat(f"/proc/{pid}").st_uid == uid:
                total += one.threads
        except OSError:
            continue
    return total


def disks(places: dict[str, str]) -> list[Finding]:
    """Room on the disks of some folders (name -> path); those on one disk are looked at once."""
    found = []
    seen = set()
    for name, path in places.items():
        while not os.path.exists(path):
            path = os.path.dirname(path)
        device = os.stat(path).st_dev
        if device not in seen:
            seen.add(device)
            found.append(_disk(f"disk of {name}", path))
    return found


def _disk(check: str, path: str) -> Finding:
    room = os.statvfs(path)
    free, inodes = room.f_bavail * room.f_frsize, room.f_favail if room.f_files else None
    mend = f"make room on the disk that {path} is on, or move it"
    if free < SPACE_OUT or (inodes is not None and inodes < 10):
        return problem(check, f"full: {memory_text(free)} and {inodes} files are left", mend)
    if free < SPACE_LOW or (inodes is not None and inodes < INODES_LOW):
        return warn(check, f"nearly full: {memory_text(free)} and {inodes} files are left", mend)
    return ok(check, f"{memory_text(free)} free")


def clock(now: float) -> Finding:
    """Whether the time of day makes sense; `now` in epoch seconds."""
    booted = machine.boot_time()
    if now < _OLDEST_SENSE or (booted is not None and booted > now + 60):
        text = f"says {time.strftime('%Y-%m-%d', time.gmtime(now))}: times in logs and schedules are wrong"
        return problem("clock", text, "set it, and have it kept: timedatectl set-ntp true")
    return ok("clock", "makes sense")


def temporary(folder: str) -> Finding:
    """Whether there is a place for temporary files."""
    if os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
        return ok("temporary files", folder)
    return warn("temporary files", f"{folder} cannot be written to", f"chmod 1777 {folder}, or set TMPDIR")
