"""Reload: no request lost, and bad code refused."""

import os
import signal

import pytest

from tests.end_to_end.load import Load
from tests.end_to_end.site import ASGI, WSGI, Site, get
from tests.servers.process import free_port
from tests.waiting import until


@pytest.mark.parametrize(
    ("source", "engine"), [(ASGI, "uvicorn"), (WSGI, "uvicorn"), (ASGI, "granian")], ids=["asgi", "wsgi", "granian"]
)
def test_no_request_is_lost_by_three_reloads_under_load(site: Site, source: str, engine: str) -> None:
    site.write("main.py", source)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port), "--engine", engine)
    first = site.pids("web")

    with Load(port, 15) as load:
        until(lambda: get(port))
        for _ in range(3):
            site.ok("reload", "web")
        assert load.is_going

    assert load.lost == {}
    assert load.answered > 100
    assert not set(site.pids("web")) & set(first)


def test_no_request_is_lost_by_restarting_one_worker_and_scaling(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "3", "--port", str(port))

    with Load(port, 15) as load:
        until(lambda: get(port))
        site.ok("restart", "web-1")
        site.ok("scale", "web", "-2")
        site.ok("scale", "web", "+1")
        site.ok("restart", "web")
        assert load.is_going

    assert load.lost == {}
    assert len(site.pids("web")) == 2


def test_new_code_serves_after_a_reload(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))

    site.write("main.py", ASGI.replace('"one"', '"two"'))
    site.ok("reload", "web")

    assert {get(port).split()[0] for _ in range(20)} == {"two"}
    assert site.describe("web")["generation"] == 2


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("raise RuntimeError('broken at import')", "broken at import"),
        (
            "async def app(scope, receive, send):\n"
            "    await receive()\n"
            "    await send({'type': 'lifespan.startup.failed', 'message': 'broken at startup'})\n",
            "broken at startup",
        ),
        (
            "import asyncio\nasync def app(scope, receive, send):\n    await asyncio.sleep(1000)\n",
            "not ready",
        ),
        (
            ASGI + "import os, threading\n"
            "os.register_at_fork(after_in_child=lambda: threading.Timer(0.5, lambda: os._exit(7)).start())\n",
            "exit code 7",
        ),
    ],
    ids=["fails at import", "fails at startup", "never gets ready", "dies young"],
)
def test_bad_code_is_refused_without_losing_a_request(site: Site, broken: str, expected: str) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.write(
        "mainstay.toml",
        f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\ninstances = 2\nstart_timeout = "5s"\n'
        'stop_timeout = "2s"\n',
    )
    site.ok("start")
    before = site.pids("web")

    with Load(port, 14) as load:
        until(lambda: get(port))
        site.write("main.py", broken)
        ran = site.run("reload", "web")
        after = site.pids("web")
        os.kill(after[0], signal.SIGKILL)
        until(lambda: len(site.pids("web")) == 2 and after[0] not in site.pids("web"))
        healed = {get(port).split()[0] for _ in range(20)}

    assert ran.code == 1
    assert expected in ran.err
    assert after == before
    assert healed == {"one"}
    cut_by_the_kill = {"fresh reset", "kept reset", "fresh eof", "kept eof"}
    assert {why for why in load.lost if not any(why.startswith(cut) for cut in cut_by_the_kill)} == set()
    assert sum(load.lost.values()) <= 32


def test_two_reloads_at_once_are_both_answered(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))

    running = [site.start_command("reload", "web") for _ in range(2)]
    codes = [(process.communicate(timeout=120), process.returncode)[1] for process in running]

    assert codes == [0, 0]
    assert site.describe("web")["generation"] == 3
    assert get(port).startswith("one")


def test_a_stop_does_not_wait_for_a_reload_that_hangs(site: Site) -> None:
    site.write("main.py", ASGI)
    site.ok("start", "main:app", "--name", "web", "--port", str(free_port()))
    site.write("main.py", "import time\ntime.sleep(1000)\n")
    hanging = site.start_command("reload", "web")
    until(lambda: site.describe("web")["rollout"])

    site.ok("stop", "web")

    _, err = hanging.communicate(timeout=60)
    assert hanging.returncode == 1
    assert "stopped" in err
    assert [row["status"] for row in site.rows("web")] == ["stopped"]


def test_a_canary_holds_a_share_until_it_is_decided(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))
    site.write("main.py", ASGI.replace('"one"', '"two"'))

    site.ok("reload", "web", "--canary", "25%")
    mixed = [get(port).split()[0] for _ in range(200)]
    site.ok("reload", "web", "--continue")
    new = {get(port).split()[0] for _ in range(20)}

    assert 20 <= mixed.count("two") <= 85  # 50 expected; five standard deviations
    assert new == {"two"}


def test_a_canary_that_is_taken_back_leaves_the_old_code(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))
    before = site.pids("web")
    site.write("main.py", ASGI.replace('"one"', '"two"'))

    site.ok("reload", "web", "--canary", "50%")
    site.ok("reload", "web", "--abort")

    assert site.pids("web") == before
    assert {get(port).split()[0] for _ in range(20)} == {"one"}


def test_a_restart_is_refused_when_the_new_code_does_not_import(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))
    before = site.pids("web")
    site.write("main.py", "import nothing_like_this\n")

    ran = site.run("restart", "web")

    assert ran.code == 1
    assert "nothing_like_this" in ran.err
    assert site.pids("web") == before
