"""The servers that all tests of stores share; those which kill or hang one start their own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from mainstay.web.sessions.stores.sql_sync import SyncSQLStore
from tests.servers.database import Database
from tests.servers.mariadb import mariadb
from tests.servers.memcached import MemcachedServer, memcached_server
from tests.servers.postgres import postgres
from tests.servers.process import Process
from tests.servers.redis import RedisServer, redis_server
from tests.servers.relay import relay_to
from tests.web.sessions.stores.writing import driver_of


@pytest.fixture(scope="package")
def redis_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with TLS, too."""
    with redis_server(tmp_path_factory.mktemp("redis"), with_tls=True) as server:
        yield server


@pytest.fixture(scope="package")
def memcached_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemcachedServer]:
    """A Memcached."""
    with memcached_server(tmp_path_factory.mktemp("memcached")) as server:
        yield server


@pytest.fixture(scope="package", params=["postgresql", "mysql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A PostgreSQL, then a MariaDB, with the tables of the sessions."""
    with postgres() if request.param == "postgresql" else mariadb() as server:
        engine = create_engine(server.url(driver_of(server.dialect)))
        SyncSQLStore(engine).create()
        engine.dispose()
        yield server


@pytest.fixture
def relayed(database: Database, tmp_path: Path) -> Iterator[tuple[Database, Process]]:
    """The same through a relay of the test's own: when that is killed or hangs, it is as if the database were."""
    with relay_to(tmp_path, database.port) as relay:
        yield replace(database, port=relay.port), relay.process


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file with the tables of the sessions; without a driver's name."""
    engine = create_engine(f"sqlite:///{tmp_path / 'sessions.db'}")
    SyncSQLStore(engine).create()
    engine.dispose()
    return f"///{tmp_path / 'sessions.db'}"
