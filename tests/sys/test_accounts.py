import errno
import grp
import os
import pwd
import resource

import pytest

from mainstay.sys.accounts import identity, limit_number
from mainstay.sys.program import SpawnFailed


def test_a_user_comes_with_its_groups() -> None:
    entry = pwd.getpwnam("nobody")
    found = identity("nobody", "", ())

    assert (found.name, found.uid, found.gid) == ("nobody", entry.pw_uid, entry.pw_gid)
    assert found.groups == tuple(os.getgrouplist("nobody", entry.pw_gid))
    assert identity(str(entry.pw_uid), "", ()).uid == entry.pw_uid


def test_a_group_and_supplementary_groups_may_be_others() -> None:
    found = identity("nobody", "daemon", ("adm", "0"))

    assert found.gid == grp.getgrnam("daemon").gr_gid
    assert found.groups == (grp.getgrnam("adm").gr_gid, 0)


def test_a_group_alone_leaves_the_user() -> None:
    found = identity("", "daemon", ())

    assert (found.uid, found.groups) == (os.geteuid(), tuple(os.getgroups()))


@pytest.mark.parametrize("names", [("nobdy", "", ()), ("", "nogrp", ()), ("", "", ("nogrp",)), ("9" * 20, "", ())])
def test_who_is_unknown_is_told(names: tuple[str, str, tuple[str, ...]]) -> None:
    with pytest.raises(SpawnFailed) as caught:
        identity(*names)

    assert (caught.value.errno, caught.value.what) == (errno.ESRCH, "identity")


def test_a_limit_has_its_number() -> None:
    assert limit_number("nofile") == resource.RLIMIT_NOFILE
    with pytest.raises(SpawnFailed):
        limit_number("nofiles")
