import os
import subprocess
from dataclasses import replace

import pytest

from mainstay.sys import forked
from mainstay.sys import spawn as spawning
from tests.sys.children import line, python
from tests.sys.programs import printed, shell


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
