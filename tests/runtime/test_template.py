"""The template: imports once, tells what came of it, forks workers that become the daemon's children."""

import os
import random
import signal
import socket
from pathlib import Path

import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, ask, connect
from tests.waiting import until


def test_workers_are_forked_from_one_import(either: FakeDaemon) -> None:
    either.write("main.py", f"import os\nprint('imported by', os.getpid())\n{apps.ASGI}")
    listeners = [either.listener(), either.listener()]
    loaded = either.load("main:app")
    workers = [either.fork(listener, slot=slot) for slot, listener in enumerate(listeners)]
    for worker in workers:
        worker.serve()

    answers = [ask(connect(listener))[2] for listener in listeners]

    assert loaded["type"] == "imported"
    assert loaded["interface"] == "asgi"
    assert loaded["seconds"] >= 0
    assert answers == [str(worker.pid).encode() for worker in workers]
    assert either.out.text == f"imported by {either.template.pid}\n"


def test_a_worker_is_our_child_and_leads_its_session(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    daemon.load("main:app")

    worker = daemon.fork(daemon.listener(), slot=3)
    worker.hear("READY=1")

    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    parent, group, session = (int(field) for field in fields[1:4])
    assert (parent, group, session) == (os.getpid(), worker.pid, worker.pid)
    assert Path(f"/proc/{worker.pid}/comm").read_text() == "web-3\n"


def test_output_and_environment_are_the_workers_own(daemon: FakeDaemon) -> None:
    daemon.write("main.py", f"import sys\nprint('at import', end='')\nprint('bad', file=sys.stderr)\n{apps.ASGI}")
    listener = daemon.listener()
    daemon.load("main:app")
    worker = daemon.fork(listener, env={"MAINSTAY_INSTANCE": "7"})
    worker.serve()

    assert ask(connect(listener), "/env/MAINSTAY_INSTANCE")[2] == b"7"
    assert ask(connect(listener), "/env/MAINSTAY_CONTROL_FD")[2] == b""
    assert (daemon.out.text, daemon.err.text) == ("at import", "bad\n")
    assert (worker.out.text, worker.err.text) == ("lifespan.startup\n", "")


def test_a_worker_holds_no_descriptor_of_the_template_or_its_siblings(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    daemon.load("main:app")
    first, second = daemon.fork(), daemon.fork(listener)
    first.hear("READY=1")
    second.hear("READY=1")

    def sockets(pid: int) -> list[str]:
        names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        return [name for name in names if name.startswith("socket:")]

    # Its control socket, its listener, and the pair with which its event loop is woken.
    assert len(sockets(first.pid)) == 3
    assert len(sockets(second.pid)) == 4
    assert len(sockets(daemon.template.pid)) == 1


def test_each_worker_has_random_numbers_of_its_own(daemon: FakeDaemon) -> None:
    draw = "print(random.random(), flush=True)"
    daemon.write("main.py", apps.ASGI.replace('print(message["type"])', draw).replace("import", "import random,", 1))
    daemon.load("main:app")
    workers = [daemon.fork(), daemon.fork()]
    for worker in workers:
        worker.hear("READY=1")

    first, second = (until(lambda output=worker.out: output.text) for worker in workers)  # type: ignore[misc]

    assert first != second
    assert random.random() != float(first)


def test_signals_the_template_handles_are_not_handled_so_in_a_worker(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    daemon.load("main:app")
    os.kill(daemon.template.pid, signal.SIGINT)
    worker = daemon.fork()
    worker.serve()

    worker.kill(signal.SIGQUIT)

    assert worker.exit_code() == -signal.SIGQUIT


@pytest.mark.parametrize("end", ["hang up", "SIGTERM"])
def test_the_template_leaves_when_told_to_and_its_workers_stay(daemon: FakeDaemon, end: str) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)

    if end == "SIGTERM":
        daemon.template.terminate()
    else:
        daemon.hang_up()

    assert daemon.template.wait() == 0
    assert ask(connect(listener))[2] == str(worker.pid).encode()


def test_sigterm_ends_a_template_that_is_still_importing(daemon: FakeDaemon) -> None:
    daemon.write("main.py", "print('importing')\nimport time\ntime.sleep(3600)")
    daemon.begin_to_load("main:app")
    until(lambda: daemon.out.text)

    daemon.template.terminate()

    assert daemon.template.wait() == 0


def test_a_missing_target_is_told_in_one_line(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)

    answer = daemon.load("mian:app")

    assert answer == {
        "type": "failed",
        "error": "ModuleNotFoundError: No module named 'mian'",
        "hint": "did you mean 'main'?",
    }
    assert daemon.template.wait() == 1
    assert daemon.err.text == ""


def test_a_failed_import_shows_the_users_traceback(daemon: FakeDaemon) -> None:
    daemon.write("main.py", "import database")
    daemon.write("database.py", "\nraise RuntimeError('no server at db:5432')")

    answer = daemon.load("main:app")

    assert answer["error"] == "RuntimeError: no server at db:5432"
    assert answer["hint"] == "raised at database.py line 2"
    assert daemon.template.wait() == 1
    assert daemon.err.text.startswith("Traceback (most recent call last):\n")
    assert daemon.err.text.count("  File ") == 2
    assert daemon.err.text.endswith("RuntimeError: no server at db:5432\n")


def test_a_broken_engine_is_told_like_a_failed_import(daemon: FakeDaemon) -> None:
    daemon.write("uvicorn.py", "raise RuntimeError('half installed')")
    daemon.write("main.py", apps.ASGI)

    assert daemon.load("main:app")["error"] == "RuntimeError: half installed"
    assert "half installed" in daemon.err.text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "import threading\nthreading.Thread(target=threading.Event().wait, name='poller', daemon=True).start()",
            "poller",
        ),
        ("import socket\npair = socket.socketpair()", "connected socket"),
        ("import sqlite3\ndb = sqlite3.connect('shop.db')\ndb.execute('create table t (a)')", "shop.db open for"),
        ("import asyncio\nloop = asyncio.new_event_loop()", "event loop"),
    ],
)
def test_what_cannot_be_forked_falls_back_to_cold_starts(daemon: FakeDaemon, source: str, reason: str) -> None:
    daemon.write("main.py", f"{source}\n{apps.ASGI}")

    answer = daemon.load("main:app")

    assert answer["type"] == "cold"
    assert answer["interface"] == "asgi"
    assert reason in answer["reason"]
    assert daemon.template.wait() == 0


def test_without_preload_the_app_is_not_imported(daemon: FakeDaemon) -> None:
    daemon.write("main.py", "print('imported')")

    answer = daemon.load("main:app", preload=False)

    assert answer == {"type": "cold", "interface": "auto", "reason": "preload is off"}
    assert daemon.template.wait() == 0
    assert daemon.out.text == ""


def test_a_fork_that_cannot_be_made_is_told(daemon: FakeDaemon) -> None:
    limit = "import os, resource\nos.setuid(65534)\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n"
    daemon.folder.chmod(0o755)
    daemon.write("main.py", limit + apps.ASGI)
    daemon.load("main:app")
    null, (ours, theirs) = os.open(os.devnull, os.O_RDWR), socket.socketpair()
    place = {"token": "web-0@1", "slot": 0, "generation": 1}

    daemon.tell_template({"type": "fork", "env": {}, **place}, null, null, theirs.fileno())
    answer = daemon.hear_template()

    assert answer["type"] == "fork-failed"
    assert answer["token"] == "web-0@1"
    assert "BlockingIOError" in answer["error"]
    os.close(null)
    ours.close()
    theirs.close()
