"""`mainstay serve` whose daemon is killed, and the daemon of a `mainstay serve` that is killed."""

import os
import signal

import pytest

from mainstay.sys import procfs
from tests.end_to_end.foreground import SLOW, Answer, Foreground
from tests.end_to_end.site import Site, get, is_alive
from tests.servers.process import free_port
from tests.waiting import until

COUNTER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
number = 0
while True:
    print(f"line {number:07}", flush=True)
    number += 1
    time.sleep(0.002)
"""


def _numbers(out: str) -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in out.splitlines() if " | line " in line]


def test_a_daemon_that_is_killed_is_not_felt(site: Site, as_init: bool) -> None:
    site.write("count.py", COUNTER)
    site.write("main.py", SLOW)
    port = free_port()
    site.write(
        "mainstay.toml",
        f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\n[apps.count]\ncommand = "python count.py"\n',
    )
    with Foreground(site, "serve", as_init=as_init) as serve:
        serve.until_err("web started")
        serve.until_out("count-0 | line 0000010")
        workers = [row["pid"] for row in site.rows()]
        for _ in range(2):
            _kill_daemon(serve)
            seen = _numbers(serve.out)[-1]
            assert get(port).startswith("one ")
            serve.until_out(f"count-0 | line {seen + 1000:07}")
        answer = Answer(port, "/slow")
        serve.until_out("| slow begins")
        assert [row["pid"] for row in site.rows()] == workers
        serve.signal(signal.SIGTERM)

        assert serve.ended() == 0
        assert answer.wait().startswith("one ")
    found = _numbers(serve.out)
    assert found == list(range(len(found)))
    assert "| asked for /slow" in serve.out


def _daemon(serve: Foreground) -> int:
    """The daemon below it, as the outside numbers it."""
    return until(lambda: next((pid for pid in procfs.tree(serve.pid) if _is_daemon(pid)), 0), what="a daemon")


def _is_daemon(pid: int) -> bool:
    named = procfs.read(f"/proc/{pid}/comm").strip() == b"mainstay"
    return named and b"daemon/__main__.py" in procfs.read(f"/proc/{pid}/cmdline")


def _kill_daemon(serve: Foreground) -> None:
    """Kill it, and wait for the next one to have taken over."""
    old = _daemon(serve)
    os.kill(old, signal.SIGKILL)
    until(lambda: (new := _daemon(serve)) != old and procfs.stat(new), what="another daemon")


@pytest.mark.parametrize(("line", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_the_exit_code_is_that_of_an_app_which_was_taken_over(site: Site, as_init: bool, line: str, code: int) -> None:
    site.write("job.sh", f"while ! [ -e go ]; do sleep 0.05; done\n{line}\n")
    with Foreground(site, "serve", "sh job.sh", "--name", "job", "--no-autorestart", as_init=as_init) as serve:
        serve.until_err("job started")
        _kill_daemon(serve)
        site.write("go", "")

        assert serve.ended() == code


def test_kill_from_another_shell_is_an_asked_end_after_a_daemon_was_killed(site: Site) -> None:
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep started")
        os.kill(_daemon(serve), signal.SIGKILL)
        site.ok("kill")

        assert serve.ended() == 0


def test_what_a_serve_that_was_killed_has_left_is_served_by_the_next_one(site: Site) -> None:
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep started")
        before = site.pids("sleep")
        serve.signal(signal.SIGKILL)
        serve.ended()

        assert site.pids("sleep") == before
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep")
        assert site.pids("sleep") == before
        serve.signal(signal.SIGTERM)

        assert serve.ended() == 0
    assert not any(map(is_alive, before))
