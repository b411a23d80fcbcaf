import errno
import os
import resource
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.sys import forked
from mainstay.sys import spawn as spawning
from mainstay.sys.program import Identity, SpawnFailed
from tests.client.nobody import as_nobody
from tests.sys.children import line, python
from tests.sys.programs import printed, shell

NOBODY = Identity("nobody", 65534, 65534, (65534, 4))


def test_listen_pid_is_the_childs_own_pid() -> None:
    script = 'echo "$LISTEN_PID" $$'

    for start in (forked.spawn, spawning.spawn):
        told, own = printed(start, shell(script, LISTEN_PID="self")).split()
        assert told == own
    assert printed(spawning.spawn, shell(script, LISTEN_PID="12")).split()[0] == "12"


def test_the_umask_is_set_in_the_child_only() -> None:
    before = os.umask(0o022)
    try:
        assert printed(spawning.spawn, replace(shell("umask"), umask=0o077)) == "0077"
        assert printed(spawning.spawn, shell("umask")) == "0022"
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_it_takes_over_where_posix_spawn_makes_no_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise NotImplementedError

    monkeypatch.setattr(os, "posix_spawn", refuse)
    spawning._spawns_sessions.cache_clear()
    try:
        assert printed(spawning.spawn, shell("echo started")) == "started"
    finally:
        spawning._spawns_sessions.cache_clear()


def test_signals_to_us_are_held_back_only_for_the_moment_of_the_fork() -> None:
    code = """
import os, signal
from mainstay.sys import forked
from mainstay.sys.program import Spawn
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.waitpid(forked.spawn(Spawn(("true",), {"PATH": os.defpath}, "/", 1, 2)), 0)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGUSR1})
"""
    with python(code) as process:
        assert line(process) == "True"
        assert process.wait() == 0


def test_no_warning_is_printed_about_threads_or_signals() -> None:
    code = """
import os, threading
from mainstay.sys import forked
from mainstay.sys.program import Spawn
stop = threading.Event()
threading.Thread(target=stop.wait).start()
print(os.waitpid(forked.spawn(Spawn(("true",), {"PATH": os.defpath}, "/", 1, 2)), 0)[1])
stop.set()
"""
    with python(code) as process:
        out, _ = process.communicate(timeout=60)

        assert out == "0\n"
        assert isinstance(process, subprocess.Popen)


def test_it_gives_way_to_others_as_told() -> None:
    assert printed(spawning.spawn, replace(shell("nice"), nice=7)) == "7"


def test_limits_hold_from_the_start() -> None:
    limits = ((resource.RLIMIT_NOFILE, 100, 200), (resource.RLIMIT_CORE, 0, 0))

    assert printed(spawning.spawn, replace(shell("ulimit -Sn; ulimit -Hn; ulimit -c"), rlimits=limits)) == "100\n200\n0"
    assert resource.getrlimit(resource.RLIMIT_NOFILE) != (100, 200)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_it_becomes_another_user_with_nothing_of_ours_left() -> None:
    found = printed(spawning.spawn, replace(shell("id -u; id -g; id -G"), identity=NOBODY))

    assert found.splitlines() == ["65534", "65534", "65534 4"]
    limited = replace(shell("nice; ulimit -n"), identity=NOBODY, rlimits=((resource.RLIMIT_NOFILE, 99, 99),), nice=-5)
    assert printed(spawning.spawn, limited) == "-5\n99"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_folder_that_the_user_may_not_enter_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(SpawnFailed) as caught:
        spawning.spawn(replace(shell("true"), identity=NOBODY, cwd=str(tmp_path), stdout=1, stderr=2))
    assert (caught.value.errno, caught.value.what) == (errno.EACCES, "cwd")


def test_what_may_not_be_is_told_with_what_it_was() -> None:
    too_many = ((resource.RLIMIT_NOFILE, 2, 1),)
    with pytest.raises(SpawnFailed) as limits:
        spawning.spawn(replace(shell("true"), rlimits=too_many, stdout=1, stderr=2))
    assert (limits.value.errno, limits.value.what) == (errno.EINVAL, "rlimits")
    too_much = ((resource.RLIMIT_NOFILE, 2**40, 2**40),)  # more than any kernel allows
    with pytest.raises(SpawnFailed) as limits:
        spawning.spawn(replace(shell("true"), rlimits=too_much, stdout=1, stderr=2))
    assert (limits.value.errno, limits.value.what) == (errno.EPERM, "rlimits")

    with as_nobody(), pytest.raises(SpawnFailed) as identity:
        spawning.spawn(replace(shell("true"), identity=Identity("root", 0, 0, ()), stdout=1, stderr=2))
    assert (identity.value.errno, identity.value.what, identity.value.path) == (errno.EPERM, "identity", "root")
