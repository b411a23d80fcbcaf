"""An app with a declared database in the hands of the daemon: forked from a template that has used its engine."""

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end.site import Site, get
from tests.servers.database import Database
from tests.servers.postgres import postgres
from tests.servers.process import free_port
from tests.waiting import until

DATABASE = """
from mainstay.settings.database import Database, Sections, secret

databases = Sections(production=Database(secret("DATABASE_URL")))
"""
APP = """
import json, os
from sqlalchemy import text
from database import databases

engine = databases.engine()

def backend():
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))

IMPORTED = [os.getpid(), backend()]

def app(environ, start_response):
    body = {"worker": os.getpid(), "backend": backend(), "imported": IMPORTED, "pool": engine.pool.size()}
    body |= {"instances": os.environ["MAINSTAY_INSTANCES"], "threads": os.environ["MAINSTAY_THREADS"]}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
"""


@pytest.fixture(scope="module")
def pg() -> Iterator[Database]:
    """A PostgreSQL."""
    with postgres() as database:
        yield database


def answers(port: int, workers: int) -> dict[int, dict[str, object]]:
    """An answer of each worker, asked until all have been heard."""
    found: dict[int, dict[str, object]] = {}

    def ask() -> bool:
        answer = json.loads(get(port))
        found[answer["worker"]] = answer
        return len(found) == workers

    until(ask, what=f"answers of {workers} workers")
    return found


def test_forked_workers_have_connections_of_their_own_and_their_share_of_them(site: Site, pg: Database) -> None:
    port = free_port()
    site.write("database.py", DATABASE)
    site.write("web.py", APP)
    site.ok("start", "web:app", "-b", f"127.0.0.1:{port}", "-i", "3", "--threads", "8", DATABASE_URL=pg.url())

    found = answers(port, 3)

    told = list(found.values())
    (imported,) = {json.dumps(answer["imported"]) for answer in told}
    template, its_backend = json.loads(imported)
    assert template not in found
    assert len({answer["backend"] for answer in told} | {its_backend}) == 4
    assert {answer["pool"] for answer in told} == {8}
    assert {(answer["instances"], answer["threads"]) for answer in told} == {("3", "8")}


def test_a_worker_that_scaling_adds_is_told_the_new_number(site: Site, pg: Database) -> None:
    port = free_port()
    site.write("database.py", DATABASE)
    site.write("web.py", APP)
    site.ok("start", "web:app", "-b", f"127.0.0.1:{port}", "-i", "1", DATABASE_URL=pg.url())

    before = answers(port, 1)
    site.ok("scale", "web", "2")
    after = answers(port, 2)
    site.ok("reload", "web")
    anew = answers(port, 2)

    (added,) = after.keys() - before.keys()
    assert after[added]["instances"] == "2"
    assert {answer["pool"] for answer in before.values()} == {40}
    assert {answer["pool"] for answer in anew.values()} == {26}
