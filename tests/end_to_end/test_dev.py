"""`mainstay dev`: files are edited, and the code that answers is looked at."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mainstay.sys import procfs
from tests.end_to_end.foreground import Foreground
from tests.end_to_end.site import ASGI, WSGI, Site, get, is_alive
from tests.servers.process import free_port
from tests.waiting import until

BLIND = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "watchfiles" else find(name, *more)
"""


@contextmanager
def developing(site: Site, *argv: str, **more: str) -> Iterator[Foreground]:
    """`mainstay dev`, ended by Ctrl-C, with nothing left of it."""
    environ = site.environment(**({"TMPDIR": str(site.home)} | more))
    del environ["MAINSTAY_HOME"]
    with Foreground(site, "dev", *argv, environ=environ) as dev:
        yield dev
        if dev.process.poll() is None:
            below = procfs.tree(dev.pid)
            dev.signal(signal.SIGINT)

            assert dev.ended() == 0
            assert not [pid for pid in below if is_alive(pid)]
    assert os.listdir(site.home) == []


@pytest.fixture
def port(site: Site) -> int:
    site.write("main.py", ASGI)
    return free_port()


def saved(word: str) -> str:
    return ASGI.replace('"one"', f'"{word}"')


def test_what_is_saved_is_what_answers(site: Site, port: int) -> None:
    with developing(site, "main:app", "-p", str(port)) as dev:
        dev.until_err(f"main serves http://127.0.0.1:{port}")
        before = get(port, "/first?x=1").split()
        site.write("main.py", saved("two"))
        dev.until_err("reloaded in ")
        after = get(port).split()

        assert (before[0], before[3], after[0]) == ("one", "development", "two")
        assert ": main.py\n" in dev.err
        dev.until_out("GET /first?x=1 200 ")


def test_a_syntax_error_keeps_what_served_until_the_next_save(site: Site, port: int) -> None:
    with developing(site, "main:app", "-p", str(port)) as dev:
        dev.until_err("main serves")
        site.write("main.py", saved("two") + "\n(\n")
        dev.until_err("not reloaded (main.py)")
        kept = get(port)
        site.write("main.py", saved("three"))
        dev.until_err("reloaded in ")

        assert (kept.split()[0], get(port).split()[0]) == ("one", "three")
    assert "SyntaxError: '(' was never closed" in dev.err


def test_an_app_that_cannot_be_started_waits_until_it_can(site: Site, port: int) -> None:
    site.write("main.py", "import nothing_of_this_name\n")
    with developing(site, "main:app", "-p", str(port)) as dev:
        dev.until_err("waiting for a change")
        site.write("main.py", ASGI)
        dev.until_err("main serves")

        assert get(port).startswith("one ")


def test_a_wsgi_app_has_lines_too(site: Site, port: int) -> None:
    site.write("main.py", WSGI)
    with developing(site, "main:app", "-p", str(port)) as dev:
        dev.until_err("main serves")
        get(port, "/page")

        dev.until_out("GET /page 200 ")


def test_a_port_that_is_taken_is_one_clear_line(site: Site, port: int) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        sock.listen()
        with developing(site, "main:app", "-p", str(port)) as dev:
            assert dev.ended() == 1

    assert dev.err.startswith(f"mainstay: cannot start main: 127.0.0.1:{port} is in use by ")
    assert [line for line in dev.err.splitlines() if not line.startswith("  hint")] == dev.err.splitlines()[:1]


def test_a_script_is_run_again_and_one_that_is_no_python_is_not(site: Site) -> None:
    script = "import time\nprint('run', {}, flush=True)\nwhile True: time.sleep(1)\n"
    site.write("work.py", script.format(1))
    with developing(site, "work.py") as dev:
        dev.until_out("run 1")
        site.write("work.py", script.format(2))
        dev.until_out("run 2")
        dev.until_err("reloaded in ")
        site.write("work.py", "print('run', 3\n")
        dev.until_err("work.py:1: '(' was never closed: what ran runs on")
        site.write("work.py", script.format(4))
        dev.until_out("run 4")

    assert "run 3" not in dev.out


def test_a_script_that_ends_waits_for_the_next_save(site: Site) -> None:
    site.write("work.py", "print('run', 1)\n")
    with developing(site, "work.py") as dev:
        dev.until_err("work has ended (exit code 0); waiting for a change")
        site.write("work.py", "print('run', 2)\n")

        dev.until_out("run 2")


def test_the_file_that_declares_apps_is_read_again(site: Site, port: int) -> None:
    site.write("mainstay.toml", f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\ninstances = 4\n')
    with developing(site) as dev:
        dev.until_err("web serves")
        more = "[apps.more]\ncommand = \"sh -c 'echo more; cat'\"\n"
        file = f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\n{more}'
        site.write("mainstay.toml", file)

        dev.until_out("more\n")
        dev.until_err("reloaded in ")

        assert dev.out.count("more") == 1


@pytest.mark.usefixtures("port")
def test_without_reload_nothing_happens_at_a_save(site: Site) -> None:
    script = "import os, time\nprint('run', {}, flush=True)\nwhile not os.path.exists('end'): time.sleep(0.01)\n"
    site.write("work.py", script.format(1))
    with developing(site, "work.py", "--no-reload") as dev:
        dev.until_out("run 1")
        site.write("work.py", script.format(2))
        site.write("end", "")

        assert dev.ended() == 0
    assert "run 2" not in dev.out


def test_what_is_not_to_be_watched_is_not(site: Site, port: int) -> None:
    site.write(".gitignore", "*.secret\n")
    with developing(site, "main:app", "-p", str(port), "--ignore", "*.json") as dev:
        dev.until_err("main serves")
        for name in ("a.secret", "data.json", "shop.sqlite3", "node_modules/x.js", "logs/x.txt"):
            site.write(name, "x")
        site.write("page.html", "x")
        dev.until_err("reloaded in ")

    assert dev.err.count("reloaded") == 1
    assert ": page.html\n" in dev.err


def test_without_the_extra_it_looks_for_itself_and_says_how_to_have_it(site: Site, port: int) -> None:
    site.write("blind/sitecustomize.py", BLIND)
    path = f"{site.folder / 'blind'}:{site.environment().get('PYTHONPATH', '')}"
    with developing(site, "main:app", "-p", str(port), PYTHONPATH=path) as dev:
        dev.until_err("pip install 'mainstay[watch]'")
        dev.until_err("main serves")
        site.write("main.py", saved("two"))

        until(lambda: get(port).startswith("two "))
