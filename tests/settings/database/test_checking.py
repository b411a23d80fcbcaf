import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy

from mainstay.settings.database import Database, MissingPackage, checking, drivers
from mainstay.settings.database.checking import Health, NotReached, check
from mainstay.settings.database.resolve import resolve
from tests.servers import database


def checked(section: Database, timeout: float = 20.0) -> Health:
    return check(resolve("production", section, {}), {}, timeout)


@pytest.mark.parametrize("driver", ["", "psycopg", "asyncpg"])
def test_postgresql_says_its_version(pg: database.Database, driver: str) -> None:
    health = checked(Database(pg.url(driver)))

    assert health.server == "PostgreSQL"
    assert health.version[:1].isdecimal()
    assert 0 < health.latency < health.connect + 20


@pytest.mark.parametrize("driver", ["", "pymysql", "aiomysql", "asyncmy"])
def test_mariadb_says_its_version(maria: database.Database, driver: str) -> None:
    health = checked(Database(maria.url(driver)))

    assert health.server == "MariaDB"
    assert health.version.startswith("1")


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_sqlite_says_its_version(tmp_path: Path, driver: str) -> None:
    (tmp_path / "shop.db").touch()

    assert checked(Database(driver=driver, database=str(tmp_path / "shop.db"))).server == "SQLite"
    assert checked(Database(f"{driver}://")).version.startswith("3.")


@pytest.mark.parametrize(("path", "reason"), [("shop.db", "shop.db is missing"), ("a/b/shop.db", "the folder of")])
def test_a_check_makes_no_file(tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(NotReached, match=reason):
        checked(Database(driver="sqlite", database=str(tmp_path / path)))

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("hello " * 1000)

    with pytest.raises(NotReached, match="file is not a database"):
        checked(Database(driver="sqlite", database=str(tmp_path / "shop.db")))


def wrong(server: database.Database, driver: str, **parts: object) -> Database:
    url = sqlalchemy.make_url(server.url(driver)).set(**parts)  # type: ignore[arg-type]  # parts of a URL
    return Database(url.render_as_string(hide_password=False))


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg", "pymysql", "aiomysql", "asyncmy"])
def test_a_wrong_password_is_one_line_without_it(driver: str, pg: database.Database, maria: database.Database) -> None:
    server = pg if driver in ("psycopg", "asyncpg") else maria

    with pytest.raises(NotReached) as caught:
        checked(wrong(server, driver, password="hunter2"))

    text = str(caught.value)
    assert text.startswith(f"cannot connect to {server.dialect}+{driver}://shop:***@")
    assert ("password authentication failed" in text) or ("Access denied" in text)
    assert "hunter2" not in text
    assert "\n" not in text


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg", "pymysql", "aiomysql", "asyncmy"])
@pytest.mark.parametrize("fault", ["port", "database"])
def test_each_other_fault_is_one_line(driver: str, fault: str, pg: database.Database, maria: database.Database) -> None:
    server = pg if driver in ("psycopg", "asyncpg") else maria
    other: object = "no_such_one" if fault == "database" else _closed_port()

    with pytest.raises(NotReached) as caught:
        checked(wrong(server, driver, **{fault: other}))

    text = str(caught.value)
    assert "\n" not in text
    assert server.password not in text
    if fault == "database":
        assert "no_such_one" in text.partition("): ")[2]


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql+psycopg://shop:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop"
        began = time.monotonic()

        with pytest.raises(NotReached, match=r"no answer within 0\.3 s"):
            checked(Database(url), 0.3)

    assert time.monotonic() - began < 5


def test_a_driver_that_is_missing_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Callable[[str], None] = lambda _name: None  # noqa: E731  # typed
    monkeypatch.setattr(drivers, "find_spec", nothing)

    with pytest.raises(MissingPackage):
        checked(Database("postgresql://db/shop"))


def test_what_an_error_says_is_cut_to_its_words() -> None:
    assert checking._reason(ValueError("a\n   b", 7)) == "a b"
    assert checking._reason(ValueError()) == "ValueError"


def test_what_only_the_cause_says_is_told_too() -> None:
    vague, wrapped, cause = (
        ValueError("cannot connect"),
        ValueError("<class 'X'>: no such host"),
        OSError("no such host"),
    )
    vague.__cause__ = wrapped.__cause__ = cause

    assert checking._reason(vague) == "cannot connect: no such host"
    assert checking._reason(wrapped) == "no such host"
