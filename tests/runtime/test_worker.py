"""A worker around its engine: cold starts, startup that fails or is given up, crashes."""

import signal

import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, ask, connect
from tests.waiting import until

STARTUP_FAILS = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = Starlette(lifespan=lifespan)
"""


@pytest.mark.parametrize("source", [apps.ASGI, apps.WSGI], ids=["asgi", "wsgi"])
def test_a_cold_worker_serves_and_drains_like_a_forked_one(either: FakeDaemon, source: str) -> None:
    either.write("main.py", source)
    listener = either.listener()
    worker = either.start_cold("main:app", listener)
    worker.serve()

    assert ask(connect(listener))[2] == str(worker.pid).encode()

    worker.kill(signal.SIGTERM)

    assert worker.exit_code() == 0


def test_a_cold_worker_says_why_it_cannot_import(daemon: FakeDaemon) -> None:
    daemon.write("main.py", "import database")
    daemon.write("database.py", "raise RuntimeError('no server')")

    worker = daemon.start_cold("main:app")

    assert worker.hear_error() == "RuntimeError: no server"
    assert worker.exit_code() == 1
    assert worker.err.text.endswith("RuntimeError: no server\n")


def test_a_cold_worker_without_a_daemon_leaves(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)

    assert daemon.start_abandoned("main:app").wait() == 0


def test_a_startup_that_fails_ends_with_3_and_its_reason(either: FakeDaemon) -> None:
    either.write("main.py", STARTUP_FAILS)
    either.load("main:app")

    worker = either.fork(either.listener())

    assert worker.hear_error() == "RuntimeError: no database"
    assert worker.exit_code() == 3
    assert "Traceback (most recent call last)" in worker.err.text
    assert "READY=1" not in worker.said


def test_a_startup_in_progress_is_given_up_on_sigterm(either: FakeDaemon) -> None:
    either.write(
        "main.py",
        apps.ASGI.replace(
            'await send({"type": message["type"]', 'await asyncio.sleep(3600); (0, {"type": message["type"]'
        ),
    )
    either.load("main:app")
    worker = either.fork(either.listener())
    until(lambda: worker.out.text)

    worker.kill(signal.SIGTERM)

    assert worker.exit_code() == 0


def test_what_nobody_catches_is_printed_and_ends_with_1(daemon: FakeDaemon) -> None:
    crash = "loop = asyncio.get_running_loop(); loop.call_soon(boom)\n            print"
    boom = "def boom(): raise KeyboardInterrupt('overboard')\n"
    daemon.write("main.py", boom + apps.ASGI.replace("print", crash, 1))
    daemon.load("main:app")

    worker = daemon.fork(daemon.listener())

    assert worker.hear_error() == "KeyboardInterrupt: overboard"
    assert worker.exit_code() == 1
    assert "overboard" in worker.err.text


def test_functions_registered_for_the_end_run_in_each_worker(either: FakeDaemon) -> None:
    either.write("main.py", f"import atexit\natexit.register(print, 'at the end')\n{apps.ASGI}")
    worker = either.worker("main:app")

    worker.kill(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert worker.out.text.endswith("lifespan.shutdown\nat the end\n")


def test_a_thread_that_never_ends_does_not_keep_a_drained_worker(either: FakeDaemon) -> None:
    thread = "import threading; threading.Thread(target=threading.Event().wait).start()\n            print"
    either.write("main.py", apps.ASGI.replace("print", thread, 1))
    worker = either.worker("main:app", stop_timeout=1.0)

    worker.kill(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert "lifespan.shutdown" in worker.out.text
