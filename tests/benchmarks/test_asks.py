"""What was measured is proven: as many lines and writes as answers, but for those nobody waited for."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import asks
from benchmarks.asks import SESSIONS, Ask, Cost, Sample, Visit
from benchmarks.contender import CannotServe
from benchmarks.redis_server import Redis
from benchmarks.stacks import Live, Stack, live

# Logs every second request when its argument says so; counts `/write` up for a cookie.
SERVER = """
import collections, http.server, sys
counts = collections.Counter()
every = int(sys.argv[2])
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        path, cookie = self.path.partition("?")[0], self.headers.get("Cookie", "")
        made = f"c{len(counts)}"
        if path == "/login": counts[made] = 1
        if path == "/write": counts[cookie] += 1
        body = str(counts[cookie] if path in ("/read", "/write") else 1).encode()
        self.send_response(200)
        if path == "/login": self.send_header("Set-Cookie", made + "; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_request(self, *_):
        self.server.seen = getattr(self.server, "seen", 0) + 1
        if self.server.seen % every == 0: print(f'"{self.requestline}"', flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
NO_REDIS = Redis(0, 2**22 + 1)  # no process can have that pid


def stack(every: int) -> Stack:
    return Stack("fake", lambda port: [sys.executable, "-c", SERVER, str(port), str(every)])


@pytest.fixture
def honest() -> Iterator[Live]:
    with live(stack(1), {}) as running:
        yield running


def test_lines_and_writes_of_an_honest_stack_are_found(honest: Live) -> None:
    visit = Visit(Ask(honest.stack, "/write", logs=True, session=True, writes=True), honest, NO_REDIS)

    visit.prepare(50)
    cost = visit.cost(200)
    visit.prove()

    assert len(set(visit.cookies)) == SESSIONS
    assert visit.answered == 250
    assert cost.stack > 1
    assert cost.redis == 0


def test_lines_that_are_missing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "FLUSH_PATIENCE", 0.2)
    with live(stack(2), {}) as running:
        visit = Visit(Ask(running.stack, "/logged", logs=True), running, NO_REDIS)
        visit.prepare(200)

        with pytest.raises(CannotServe, match="lines in the log, 200 to 216 expected"):
            visit.prove()


def test_writes_that_are_missing_are_noticed(honest: Live) -> None:
    visit = Visit(Ask(honest.stack, "/write", session=True, writes=True), honest, NO_REDIS)
    visit.prepare(100)
    visit.answered += 100

    with pytest.raises(CannotServe, match="writes in the sessions, 200 to 216 expected"):
        visit.prove()


def test_a_session_that_is_not_read_is_noticed(honest: Live) -> None:
    visit = Visit(Ask(honest.stack, "/read", session=True), honest, NO_REDIS)
    visit.cookies = ["nobody"]

    with pytest.raises(CannotServe, match="not what was expected"):
        visit.cost(20)


def test_a_stack_that_ends_says_why() -> None:
    broken = Stack("broken", lambda _: [sys.executable, "-c", "raise SystemExit('no such module')"])

    with pytest.raises(CannotServe, match="it has ended\nno such module"), live(broken, {}):
        pass


def test_a_stack_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.stacks.START_TIMEOUT", 0.3)
    silent = Stack("silent", lambda _: [sys.executable, "-c", "import time; time.sleep(1000)"])

    with pytest.raises(CannotServe, match="an answer"), live(silent, {}):
        pass


def test_what_is_added_is_the_difference() -> None:
    assert Sample(Cost(30.0, 1.0), Cost(42.5, 3.0)).added == 12.5


def test_a_stack_leaves_nothing_behind() -> None:
    with live(stack(1), {}) as running:
        folder, pids = running.folder, running.pids
        assert folder.exists()

    assert not folder.exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
