"""Several worker processes of one app over one SQLite file, asked at once; one of them is killed in the middle."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from mainstay.web.sessions import Session
from mainstay.web.sessions.stores.sqlite import SQLiteStore
from tests.web.sessions.browser import Browser, run, site

_WORKER = """
import asyncio, sys
from mainstay.web.sessions.stores.sqlite import SQLiteStore
from tests.web.sessions.browser import site
path, cookie, name = sys.argv[1:4]

async def main():
    counter = iter(range(10**9))
    async def set_a_key(session):
        number = next(counter)
        session[f"{name}-{number}"] = number
        return number
    browser = site(set_a_key, store=SQLiteStore(path, timeout=20), timeout=20)
    async def request():
        response = await browser.get(cookie=cookie)
        assert response.status == 200
        print(response.body.decode(), flush=True)
    for _ in range(int(sys.argv[4])):
        await asyncio.gather(*(request() for _ in range(4)))

asyncio.run(main())
"""


def _start(path: Path, cookie: str, name: str, rounds: int) -> subprocess.Popen[str]:
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(path), cookie, name, str(rounds)],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
        stdout=subprocess.PIPE,
        text=True,
    )


async def _begin(session: Session) -> str:
    session["start"] = 1
    return ""


async def _copy(browser: Browser, cookie: str) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []

    async def look(session: Session) -> str:
        seen.append(session.copy())
        return ""

    looking = site(look, store=browser.app.core.store.store)
    await looking.get(cookie=cookie)
    return seen[0]


def _answered(worker: subprocess.Popen[str]) -> list[int]:
    assert worker.stdout is not None
    with worker.stdout as lines:
        return [int(line) for line in lines if line.endswith("\n")]


def test_no_worker_loses_what_another_stored(tmp_path: Path) -> None:
    browser = site(_begin, store=SQLiteStore(tmp_path / "sessions.db", timeout=20))
    run(browser.get())
    cookie = browser.cookies.header()
    workers = {name: _start(tmp_path / "sessions.db", cookie, name, 10) for name in "abc"}

    answered = {name: _answered(worker) for name, worker in workers.items()}

    assert [worker.wait(30) for worker in workers.values()] == [0, 0, 0]
    data = asyncio.run(_copy(browser, cookie))
    assert data == {"start": 1} | {f"{name}-{n}": n for name in "abc" for n in range(40)}
    assert {name: sorted(numbers) for name, numbers in answered.items()} == {name: list(range(40)) for name in "abc"}


def test_what_a_killed_worker_had_answered_is_stored(tmp_path: Path) -> None:
    browser = site(_begin, store=SQLiteStore(tmp_path / "sessions.db", timeout=20))
    run(browser.get())
    cookie = browser.cookies.header()
    killed, other = (
        _start(tmp_path / "sessions.db", cookie, name, rounds) for name, rounds in (("a", 10**6), ("b", 10))
    )
    assert killed.stdout is not None
    first = [int(killed.stdout.readline()) for _ in range(12)]

    os.kill(killed.pid, signal.SIGKILL)

    answered = [*first, *_answered(killed)]
    killed.wait(10)
    assert sorted(_answered(other)) == list(range(40))
    assert other.wait(30) == 0
    data = asyncio.run(_copy(browser, cookie))
    assert {f"a-{number}" for number in answered} <= data.keys()
    assert {f"b-{number}" for number in range(40)} <= data.keys()
