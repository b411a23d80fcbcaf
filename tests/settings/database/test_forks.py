"""Engines that are used before a fork. In processes of their own: a fork of pytest would be one of its threads."""

import subprocess
import sys
from pathlib import Path

from tests.servers import database

_SOURCE = str(Path(__file__).parents[3] / "src")

_PREAMBLE = """
import os, sys
from sqlalchemy import text
from mainstay.settings.database import Database, Sections

databases = Sections(production=Database(sys.argv[1]))

def in_child(work):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, str(work()).encode())
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 1000).decode()
    os.wait()
    return answer
"""

_SYNC = """
engine = databases.engine()

def session():
    with engine.connect() as connection:
        return connection.scalar(text(sys.argv[2]))

mine = str(session())
others = [in_child(session) for _ in range(3)]
assert len({mine, *others}) == 4, (mine, others)
assert all(other.isdecimal() for other in others), others
assert str(session()) == mine
assert engine.pool.checkedin() == 1
"""

_ASYNC = """
import asyncio
engine = databases.async_engine()

async def ask():
    async with engine.connect() as connection:
        return await connection.scalar(text(sys.argv[2]))

loop = asyncio.new_event_loop()
mine = str(loop.run_until_complete(ask()))
others = [in_child(lambda: asyncio.run(ask())) for _ in range(3)]
assert len({mine, *others}) == 4, (mine, others)
assert all(other.isdecimal() for other in others), others
assert str(loop.run_until_complete(ask())) == mine
"""

_MEMORY = """
engine = databases.engine()
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE kept (x)"))

def look():
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM kept"))

assert in_child(look) == "0"
"""


def run(code: str, *arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PREAMBLE + code, *arguments],
        env={"PYTHONPATH": _SOURCE, "APP_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr


def test_workers_do_not_share_a_connection_with_their_template(server: database.Database) -> None:
    own_id = "SELECT pg_backend_pid()" if server.dialect == "postgresql" else "SELECT CONNECTION_ID()"

    run(_SYNC, server.url(), own_id)


def test_asynchronous_workers_do_not_either(server: database.Database) -> None:
    own_id = "SELECT pg_backend_pid()" if server.dialect == "postgresql" else "SELECT CONNECTION_ID()"

    run(_ASYNC, server.url(), own_id)


def test_a_database_in_memory_goes_with_the_child() -> None:
    run(_MEMORY, "sqlite://")
