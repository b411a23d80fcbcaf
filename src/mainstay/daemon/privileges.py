"""As whom, and with what limits, an app's processes are started: names turned into numbers, for every process of it.

Whoever starts something for an app (a worker, a template, a step, a check) passes its recipe through `under`.
"""

import os
from dataclasses import replace

from mainstay.model.spec import Bind, Privileges, UnixBind
from mainstay.sys.program import Identity, Spawn

AS_WE_ARE = Privileges()


def under(privileges: Privileges, recipe: Spawn) -> Spawn:
    """The recipe for a process that is started with these privileges. Raises SpawnFailed when somebody is unknown."""
    if privileges == AS_WE_ARE:
        return recipe
    from mainstay.sys import accounts  # seldom needed

    return replace(
        recipe,
        umask=privileges.umask if privileges.umask >= 0 else recipe.umask,
        identity=_identity(privileges),
        nice=privileges.nice,
        rlimits=tuple((accounts.limit_number(r.name), r.soft, r.hard) for r in privileges.rlimits),
    )


def _identity(privileges: Privileges) -> Identity | None:
    """Whom to become; None for who we are already, where nothing else would be permitted."""
    if not (privileges.user or privileges.group or privileges.groups):
        return None
    from mainstay.sys import accounts

    found = accounts.identity(privileges.user, privileges.group, privileges.groups)
    is_us = (found.uid, found.gid) == (os.geteuid(), os.getegid()) and not privileges.groups
    return None if is_us and os.geteuid() != 0 else found


def give(privileges: Privileges, fd: int) -> None:
    """Let the app's user open a pipe of its output by name, as `/dev/stdout`."""
    if privileges.user and os.geteuid() == 0:
        from mainstay.sys import accounts

        os.fchown(fd, accounts.identity(privileges.user, "", ()).uid, -1)


def share(binds: tuple[Bind, ...], privileges: Privileges) -> None:
    """Let the group of the app's user connect to its Unix sockets, which are ours. Raises OSError, SpawnFailed."""
    if os.geteuid() != 0:
        return
    found = _identity(privileges)
    for bind in binds:
        if isinstance(bind, UnixBind):
            os.chown(bind.path, -1, found.gid if found else os.getegid())
