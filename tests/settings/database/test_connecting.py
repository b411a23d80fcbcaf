import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from mainstay.settings.database import Database, Sections
from mainstay.settings.database.connecting import arguments
from mainstay.settings.database.drivers import choose
from tests.servers import database


def given(text: str, timeout: float = 2.5) -> tuple[str, dict[str, object]]:
    url = make_url(text)
    driver = choose(url.drivername, asynchronous="async" in text or "aio" in text)[1]
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
    import asyncio

    monkeypatch.setenv("APP_ENV", "test")
    refused = Sections(test=Database(pg.url(driver), query={"sslmode": "require"}))
    plain = Sections(test=Database(pg.url(driver), query={"sslmode": "disable", "application_name": "shop"}))

    asyncio.run(_connect(plain))
    with pytest.raises((sqlalchemy.exc.OperationalError, ConnectionError), match="SSL"):
        asyncio.run(_connect(refused))
