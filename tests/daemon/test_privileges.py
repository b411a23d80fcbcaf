import errno
import os
import pwd
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.daemon.privileges import give, share, under
from mainstay.model.spec import Privileges, Rlimit, TcpBind, UnixBind
from mainstay.sys.program import Spawn, SpawnFailed
from mainstay.sys.reuseport import bind_unix

RECIPE = Spawn(("true",), {}, "/", 1, 2)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def test_nothing_declared_changes_nothing_and_loads_nothing() -> None:
    code = """
import sys
from mainstay.daemon.privileges import give, under
from mainstay.model.spec import Privileges
from mainstay.sys.program import Spawn
recipe = Spawn(("true",), {}, "/", 1, 2)
give(Privileges(), 1)
print(under(Privileges(), recipe) is recipe, [m for m in ("resource", "pwd", "grp") if m in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=_ours())

    assert ran.stdout == "True []\n"


def _ours() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}


def test_names_become_numbers() -> None:
    recipe = under(Privileges(umask=0o27, nice=5, rlimits=(Rlimit("core", 0, -1),)), RECIPE)

    assert (recipe.umask, recipe.nice, recipe.identity) == (0o27, 5, None)
    assert recipe.rlimits == ((resource.RLIMIT_CORE, 0, -1),)


def test_a_umask_of_the_recipe_stays_where_none_is_declared() -> None:
    assert under(Privileges(nice=1), Spawn(("true",), {}, "/", 1, 2, umask=0o77)).umask == 0o77


@as_root
def test_a_user_becomes_an_identity() -> None:
    found = under(Privileges("nobody"), RECIPE).identity

    assert found is not None
    assert found.uid == pwd.getpwnam("nobody").pw_uid


def test_a_user_who_is_gone_is_told() -> None:
    with pytest.raises(SpawnFailed) as caught:
        under(Privileges("nobdy"), RECIPE)

    assert (caught.value.errno, caught.value.path) == (errno.ESRCH, "nobdy")


@as_root
def test_the_app_s_user_may_open_its_output_by_name() -> None:
    read_fd, write_fd = os.pipe()
    try:
        give(Privileges("nobody"), write_fd)

        assert os.fstat(write_fd).st_uid == pwd.getpwnam("nobody").pw_uid
    finally:
        os.close(read_fd)
        os.close(write_fd)


@as_root
def test_its_sockets_belong_to_its_group_as_long_as_it_has_one(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    sock = bind_unix(str(path), mode=0o660, backlog=1)
    binds = (UnixBind(str(path)), TcpBind("127.0.0.1", 80))

    share(binds, Privileges("nobody"))
    shared = path.stat()
    share(binds, Privileges())

    assert (shared.st_gid, stat.S_IMODE(shared.st_mode)) == (pwd.getpwnam("nobody").pw_gid, 0o660)
    assert path.stat().st_gid == os.getegid()
    sock.close()
