"""Users, groups and resource limits by name, as the numbers that the kernel takes."""

import errno
import os

from mainstay.sys.program import Identity, SpawnFailed


def identity(user: str, group: str, groups: tuple[str, ...]) -> Identity:
    """Whom these names or numbers mean; empty: who we are, that user's group, that user's supplementary groups.

    Raises SpawnFailed when one is unknown.
    """
    import pwd

    uid, name, gid = os.geteuid(), "", os.getegid()
    if user:
        try:
            entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
        except (KeyError, OverflowError):
            raise SpawnFailed(errno.ESRCH, "identity", user) from None
        uid, name, gid = entry.pw_uid, entry.pw_name, entry.pw_gid
    if group:
        gid = _gid(group)
    if groups:
        others = tuple(_gid(one) for one in groups)
    else:
        others = tuple(os.getgrouplist(name, gid)) if user else tuple(os.getgroups())
    return Identity(user or group or ", ".join(groups), uid, gid, others)


def limit_number(name: str) -> int:
    """The number of a resource limit: of `nofile`, RLIMIT_NOFILE. Raises SpawnFailed when this system has none."""
    import resource

    number = getattr(resource, f"RLIMIT_{name.upper()}", None)
    if not isinstance(number, int):
        raise SpawnFailed(errno.EINVAL, "rlimits", name)
    return number


def _gid(group: str) -> int:
    import grp

    try:
        return grp.getgrgid(int(group)).gr_gid if group.isdecimal() else grp.getgrnam(group).gr_gid
    except (KeyError, OverflowError):
        raise SpawnFailed(errno.ESRCH, "identity", group) from None
