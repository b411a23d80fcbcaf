"""A reload is believed only when the new version answers, and an attempt only when processes were started."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks import attempts
from benchmarks.attempts import Newcomers, release_version, serves_everywhere
from benchmarks.contender import App, Site, staged
from benchmarks.processes import Outcome, tree
from tests.benchmarks.fake_server import Conduct, FakeServer, always
from tests.waiting import until


def identity(version: str) -> bytes:
    body = f'{{"pid": 12, "version": "{version}"}}'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def alternating(*versions: str) -> Conduct:
    """Each connection is served by the next version, as by workers of two generations."""

    def conduct(connection: object, number: int) -> None:
        always(identity(versions[number % len(versions)]))(connection, number)  # type: ignore[arg-type]

    return conduct


@pytest.fixture
def site() -> Iterator[Site]:
    with staged(App.JSON, 2) as made:
        yield made


def at(site: Site, port: int) -> Site:
    return Site(site.app, site.folder, port, site.workers)


class Family:
    """A server of one process, which is this test."""

    def reload(self) -> Outcome | None:
        """Nothing to reload."""
        return None

    def pids(self) -> list[int]:
        """This process and its children."""
        return tree(os.getpid())

    def stop(self) -> None:
        """Nothing to stop."""


def test_a_release_names_its_version(site: Site) -> None:
    release_version(site, "good-2")

    assert '"good-2"' in site.file.read_text()
    assert '"good"' not in site.file.read_text()


def test_a_version_that_always_answers_serves_everywhere(site: Site) -> None:
    with FakeServer(always(identity("good-2"))) as server:
        assert serves_everywhere(at(site, server.port), "good-2")


def test_one_worker_left_behind_is_noticed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PATIENCE", 0.5)
    with FakeServer(alternating("good-2", "good-1")) as server:
        assert not serves_everywhere(at(site, server.port), "good-2")


def test_a_process_started_meanwhile_is_seen() -> None:
    with Newcomers(Family()) as newcomers:
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        try:
            until(lambda: child.pid in newcomers.seen)
        finally:
            child.kill()
            child.wait()

    assert child.pid in newcomers.seen


def test_without_an_attempt_nobody_is_seen() -> None:
    with Newcomers(Family()) as newcomers:
        pass

    assert newcomers.seen == set()
