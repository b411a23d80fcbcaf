import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.engine import make_url

from mainstay.settings.database import Database, Sections
from mainstay.settings.database.checking import NotReached, check
from mainstay.settings.database.connecting import arguments
from mainstay.settings.database.drivers import choose, needs_asyncio
from mainstay.settings.database.engines import make_async_engine, make_engine
from mainstay.settings.database.resolve import resolve
from tests.servers import database
from tests.servers.certificates import make_certificate
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres


def given(written: str, timeout: float = 2.5) -> tuple[str, dict[str, object]]:
    url = make_url(written)
    driver = choose(url.drivername, asynchronous="async" in written or "aio" in written)[1]
    left, others = arguments(url, driver, timeout)
    return str(left), others


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postgresql+psycopg", {"connect_timeout": 2}),
        ("postgresql+asyncpg", {"timeout": 2.5}),
        ("mysql+pymysql", {"connect_timeout": 2}),
        ("mysql+aiomysql", {"connect_timeout": 2}),
        ("mysql+asyncmy", {"connect_timeout": 2}),
        ("sqlite+pysqlite", {}),
        ("oracle+oracledb", {}),
    ],
)
def test_each_driver_is_given_the_time_under_its_own_name(name: str, expected: dict[str, object]) -> None:
    assert given(f"{name}://db/shop")[1] == expected


def test_a_time_in_the_url_wins() -> None:
    assert given("postgresql+psycopg://db/shop?connect_timeout=7")[1] == {}
    assert given("postgresql+asyncpg://db/shop?connect_timeout=7") == ("postgresql+asyncpg://db/shop", {"timeout": 7.0})


def test_asyncpg_gets_libpqs_options_where_it_reads_them() -> None:
    url, others = given("postgresql+asyncpg://db/shop?sslmode=require&sslrootcert=/ca.pem&command_timeout=5")

    assert url == "postgresql+asyncpg://db/shop?command_timeout=5"
    assert others["dsn"] == "postgresql://?sslmode=require&sslrootcert=%2Fca.pem"


async def _connect(sections: Sections) -> None:
    async with sections.async_engine().connect():
        pass


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_sslmode_gets_to_each_driver_of_postgresql(
    pg: database.Database, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", "test")
    refused = Sections(test=Database(pg.url(driver), query={"sslmode": "require"}))
    plain = Sections(test=Database(pg.url(driver), query={"sslmode": "disable", "application_name": "shop"}))

    asyncio.run(_connect(plain))
    with pytest.raises((sqlalchemy.exc.OperationalError, ConnectionError), match="SSL"):
        asyncio.run(_connect(refused))


@pytest.fixture(scope="module")
def with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[database.Database, database.Database, str]]:
    """A PostgreSQL and a MariaDB that speak TLS, and a certificate that is neither's."""
    other = make_certificate(tmp_path_factory.mktemp("other"))
    with postgres(tls=True) as pg, mariadb(tls=True) as maria:
        yield pg, maria, str(other.certificate)


def _cipher(section: Database) -> str:
    """That of a connection, by whichever of the two engines its driver is for; empty when it is in the clear."""
    resolved = resolve("test", section, {})
    postgresql = resolved.url.drivername.startswith("postgresql")
    ask = (
        "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()" if postgresql else "SHOW STATUS LIKE 'Ssl_cipher'"
    )

    def cipher(connection: sqlalchemy.Connection) -> str:
        return connection.execute(text(ask)).one()[-1] or ""

    if not needs_asyncio(resolved.url.drivername):
        with make_engine(resolved, {}).connect() as connection:
            return cipher(connection)

    async def ask_async() -> str:
        async with make_async_engine(resolved, {}).connect() as connection:
            return await connection.run_sync(cipher)

    return asyncio.run(ask_async())


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg", "pymysql", "asyncmy", "aiomysql"])
def test_a_servers_certificate_is_checked_by_what_the_section_says(
    driver: str, with_tls: tuple[database.Database, database.Database, str]
) -> None:
    pg, maria, other = with_tls
    server = pg if driver in ("psycopg", "asyncpg") else maria

    def section(ca: str) -> Database:
        options = {"sslmode": "verify-full", "sslrootcert": ca} if server is pg else {"ssl_ca": ca}
        return Database(server.url(driver), query=options)

    assert "AES" in _cipher(section(server.ca)) or "CHACHA" in _cipher(section(server.ca))
    with pytest.raises(NotReached, match=r"(?i)certificate"):
        check(resolve("production", section(other), {}), {}, 20)
