"""How a process ended that is not our child: a worker adopted by a new daemon, whose old parent is gone.

While it is a zombie, /proc/PID/stat has the status (proc_pid_stat(5), field 52, for its own user). Once it is reaped by
whoever is its parent, PIDFD_GET_INFO has it (Linux 6.15, include/uapi/linux/pidfd.h). Otherwise nobody can tell.
"""

import fcntl
import os
import select
import struct

from mainstay.sys.exits import ExitStatus, Unknown, from_wait_status

_PIDFD_GET_INFO = 0xC040FF0B  # _IOWR(0xFF, 11, struct pidfd_info), in its first size of 64 bytes
_PIDFD_INFO_EXIT = 1 << 3
_INFO = struct.Struct("=Q8x44xi")  # mask, cgroup id, eleven ids, exit code
_EXIT_CODE = 49  # field 52, counted from the state, which follows the name


def look(pidfd: int) -> ExitStatus | None:
    """The exit status as far as the kernel tells; None while the process runs."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    if not poll.poll(0):
        return None
    # Reaped between the first two questions: the first one has the answer when asked again.
    status = _reaped(pidfd)
    if status is None:
        status = _zombie(pidfd)
    if status is None:
        status = _reaped(pidfd)
    return Unknown() if status is None else from_wait_status(status)


def _reaped(pidfd: int) -> int | None:
    info = bytearray(_INFO.pack(_PIDFD_INFO_EXIT, 0))
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, info, True)
    except OSError:
        return None
    mask, status = _INFO.unpack(info)
    return int(status) if mask & _PIDFD_INFO_EXIT else None


def _zombie(pidfd: int) -> int | None:
    try:
        pid = _pid(pidfd)
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fields = os.read(fd, 4096).rpartition(b")")[2].split()
        owner = os.stat(f"/proc/{pid}").st_uid
        if _pid(pidfd) != pid:
            return None  # reaped meanwhile: what was read may be a stranger's
    except OSError:
        return None
    finally:
        os.close(fd)
    # Of other users' processes the kernel shows 0, which would be taken for a clean exit.
    readable = os.geteuid() in (0, owner)
    return int(fields[_EXIT_CODE]) if readable and fields[0] == b"Z" else None


def _pid(pidfd: int) -> int:
    """The pid behind a pidfd, -1 when it has been reaped (pidfd_open(2), "fdinfo")."""
    fd = os.open(f"/proc/self/fdinfo/{pidfd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        lines = os.read(fd, 4096).splitlines()
    finally:
        os.close(fd)
    return next((int(line[4:]) for line in lines if line.startswith(b"Pid:")), -1)
