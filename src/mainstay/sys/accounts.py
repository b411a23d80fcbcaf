"""Users, groups and resource limits by name, as the numbers that the kernel takes."""

import errno
import os

from mainstay.sys.program import Identity, SpawnFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pwd import struct_passwd


def identity(user: str, group: str, groups: tuple[str, ...]) -> Identity:
    """Whom these names or numbers mean; empty: who we are, that user's group, that user's supplementary groups.

    Raises SpawnFailed when one is unknown.
    """
    uid, name, gid = os.geteuid(), "", os.getegid()
    if user:
        entry = find_user(user)
        if entry is None:
            raise SpawnFailed(errno.ESRCH, "identity", user)
        uid, name, gid = entry.pw_uid, entry.pw_name, entry.pw_gid
    if group:
        gid = _gid(group)
    if groups:
        others = tuple(_gid(one) for one in groups)
    else:
        others = tuple(os.getgrouplist(name, gid)) if user else tuple(os.getgroups())
    return Identity(user or group or ", ".join(groups), uid, gid, others)


def find_user(user: str) -> "struct_passwd | None":
    """A user's entry in passwd(5), by name or number; None when there is none."""
    import pwd

    try:
        return pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except (KeyError, OverflowError):
        return None


def find_group(group: str) -> int | None:
    """The gid of a group, by name or number; None when there is none."""
    import grp

    try:
        return grp.getgrgid(int(group)).gr_gid if group.isdecimal() else grp.getgrnam(group).gr_gid
    except (KeyError, OverflowError):
        return None


def limit_number(name: str) -> int:
    """The number of a resource limit: of `nofile`, RLIMIT_NOFILE. Raises SpawnFailed when this system has none."""
    import resource

    number = getattr(resource, f"RLIMIT_{name.upper()}", None)
    if not isinstance(number, int):
        raise SpawnFailed(errno.EINVAL, "rlimits", name)
    return number


def _gid(group: str) -> int:
    found = find_group(group)
    if found is None:
        raise SpawnFailed(errno.ESRCH, "identity", group)
    return found
