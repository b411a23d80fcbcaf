import asyncio
import logging
import socket
import sys
import time

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.pool import NullPool, QueuePool

from mainstay.settings.database import Database, DatabaseError, MissingPackage, WrongDriver, engines
from mainstay.settings.database.engines import make_async_engine, make_engine, preset_of
from mainstay.settings.database.resolve import resolve
from tests.servers import database


def made(
    section: Database, name: str = "production", environ: dict[str, str] | None = None, **more: object
) -> sqlalchemy.Engine:
    return make_engine(resolve(name, section, {}), environ or {}, **more)


@pytest.mark.parametrize("name", ["production", "staging", "anything"])
def test_only_development_and_test_show_anything(name: str) -> None:
    preset = preset_of(name)

    assert (preset.echo, preset.hide_parameters) == (False, True)
    assert (preset_of("development").echo, preset_of("development").hide_parameters) == (True, False)
    assert (preset_of("test").echo, preset_of("test").hide_parameters) == (False, False)


def test_the_preset_of_production() -> None:
    engine = made(Database("postgresql://db/shop"))

    assert engine.echo is False
    assert engine.hide_parameters is True
    assert engine.pool._pre_ping is True
    assert engine.pool._recycle == engines.RECYCLE


def test_the_pool_is_this_processs_share() -> None:
    engine = made(Database("postgresql://db/shop"), environ={"MAINSTAY_INSTANCES": "4", "MAINSTAY_THREADS": "40"})

    assert isinstance(engine.pool, QueuePool)
    assert (engine.pool.size(), engine.pool._max_overflow) == (16, 0)


def test_a_size_that_is_declared_is_taken() -> None:
    engine = made(Database("postgresql://db/shop", pool_size=3), environ={"MAINSTAY_INSTANCES": "4"})

    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.size() == 3


def test_arguments_of_sqlalchemy_win() -> None:
    section = Database("postgresql://db/shop", options={"poolclass": NullPool, "hide_parameters": False})

    engine = made(section)

    assert isinstance(engine.pool, NullPool)
    assert engine.hide_parameters is False


def test_arguments_of_the_driver_are_added() -> None:
    section = Database("sqlite://", options={"connect_args": {"cached_statements": 7, "no_such": 1}})

    with pytest.raises(TypeError, match="no_such"):
        made(section).connect()


@pytest.mark.parametrize(
    ("section", "text"),
    [
        (Database("postgress://shop:hunter2@db/shop"), "Can't load plugin: sqlalchemy.dialects:postgress"),
        (Database("sqlite://", options={"no_such": 1}), "Invalid argument(s) 'no_such'"),
    ],
)
def test_what_sqlalchemy_refuses_is_one_line_without_a_password(section: Database, text: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        made(section)

    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_without_sqlalchemy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    with pytest.raises(MissingPackage, match=r"SQLAlchemy is not installed \(pip install 'mainstay\[sql\]'\)"):
        made(Database("sqlite://"))


def test_without_greenlet_asyncio_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)

    with pytest.raises(MissingPackage, match=r"greenlet, .* is not installed \(pip install 'mainstay\[sql\]'\)"):
        make_async_engine(resolve("production", Database("sqlite://"), {}), {})


def test_engine_takes_no_asynchronous_driver() -> None:
    with pytest.raises(WrongDriver):
        made(Database("sqlite+aiosqlite://"))


def test_each_server_is_reached_with_its_password(server: database.Database) -> None:
    section = Database(
        driver=server.dialect,
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=server.database,
    )

    with made(section).connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg", "aiomysql", "asyncmy", "aiosqlite", ""])
def test_each_asynchronous_driver_works(
    driver: str, pg: database.Database, maria: database.Database, tmp_path: object
) -> None:
    servers = {"psycopg": pg, "asyncpg": pg, "aiomysql": maria, "asyncmy": maria, "": pg}
    url = servers[driver].url(driver) if driver in servers else f"sqlite+aiosqlite:///{tmp_path}/shop.db"

    async def ask() -> object:
        engine = make_async_engine(resolve("production", Database(url), {}), {"MAINSTAY_INSTANCES": "9"})
        async with engine.connect() as connection:
            one = await connection.scalar(text("SELECT 1"))
        size = engine.pool.size()  # type: ignore[attr-defined]  # of a QueuePool
        await engine.dispose()
        return one, size

    assert asyncio.run(ask()) == (1, 8)


def test_in_tests_each_event_loop_gets_connections_of_its_own(pg: database.Database) -> None:
    engine = make_async_engine(resolve("test", Database(pg.url()), {}), {})

    async def ask() -> object:
        async with engine.connect() as connection:
            return await connection.scalar(text("SELECT 1"))

    assert [asyncio.run(ask()), asyncio.run(ask())] == [1, 1]


def test_in_memory_there_is_one_database_for_all_connections() -> None:
    async def ask() -> object:
        engine = make_async_engine(resolve("test", Database("sqlite://"), {}), {})
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE kept (x)"))
        async with engine.connect() as connection:
            return await connection.scalar(text("SELECT count(*) FROM kept"))

    assert asyncio.run(ask()) == 0


def test_a_connection_that_the_server_closed_is_replaced(server: database.Database) -> None:
    engine = made(Database(server.url()))
    own_id, kill = (
        ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(:id)")
        if server.dialect == "postgresql"
        else ("SELECT CONNECTION_ID()", "KILL :id")
    )
    with engine.connect() as first:
        closed = first.scalar(text(own_id))
    with sqlalchemy.create_engine(server.url("psycopg" if "post" in server.dialect else "pymysql")).connect() as other:
        other.execute(text(kill), {"id": closed})

    with engine.connect() as second:
        assert second.scalar(text(own_id)) != closed


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        section = Database("postgresql://shop:hunter2@127.0.0.1/shop", connect_timeout=2)
        resolved = resolve("production", section, {})
        engine = make_engine(resolved, {}, connect_args={"port": port, "connect_timeout": 2, "sslmode": "disable"})
        began = time.monotonic()

        with pytest.raises(sqlalchemy.exc.OperationalError) as caught:
            engine.connect()

    assert time.monotonic() - began < 10
    assert "hunter2" not in str(caught.value)


def test_sql_is_logged_in_development_and_not_in_production(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        with made(Database("sqlite://"), "production").connect() as connection:
            connection.execute(text("SELECT 'in production'"))
        with made(Database("sqlite://"), "development").connect() as connection:
            connection.execute(text("SELECT 'in development'"))

    assert "in development" in caplog.text
    assert "in production" not in caplog.text


def test_where_sql_is_logged_in_production_the_values_are_not(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO),
        made(Database("sqlite://", echo=True), "production").connect() as connection,
    ):
        connection.execute(text("SELECT :value"), {"value": "hunter2"})

    assert "SELECT ?" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_wrong_password_is_not_in_the_error(server: database.Database) -> None:
    url = sqlalchemy.make_url(server.url()).set(password="hunter2")

    with pytest.raises(sqlalchemy.exc.OperationalError) as caught:
        made(Database(url.render_as_string(hide_password=False))).connect()

    assert "hunter2" not in str(caught.value) + repr(caught.value)
