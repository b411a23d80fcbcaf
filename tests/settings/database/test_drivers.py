from importlib.util import find_spec

import pytest

from mainstay.settings.database import MissingPackage, WrongDriver, drivers
from mainstay.settings.database.drivers import choose, dialect_of, needs_asyncio, usual_name


@pytest.mark.parametrize(
    ("name", "sync", "asynchronous"),
    [
        ("postgresql", "postgresql+psycopg", "postgresql+asyncpg"),
        ("postgres", "postgresql+psycopg", "postgresql+asyncpg"),
        ("mysql", "mysql+pymysql", "mysql+asyncmy"),
        ("mariadb", "mariadb+pymysql", "mariadb+asyncmy"),
        ("sqlite", "sqlite+pysqlite", "sqlite+aiosqlite"),
    ],
)
def test_without_a_driver_the_first_that_can_do_it_is_taken(name: str, sync: str, asynchronous: str) -> None:
    assert choose(name, asynchronous=False)[0] == sync
    assert choose(name, asynchronous=True)[0] == asynchronous


def test_a_driver_that_is_not_installed_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda name: None if name == "asyncpg" else find_spec(name))

    assert choose("postgresql", asynchronous=True)[0] == "postgresql+psycopg"


def test_when_none_is_installed_the_error_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda _name: None)

    with pytest.raises(MissingPackage) as several:
        choose("mysql", asynchronous=True)
    with pytest.raises(MissingPackage) as named:
        choose("postgresql+psycopg2", asynchronous=False)

    assert str(several.value) == (
        "no asynchronous driver for mysql: asyncmy (or aiomysql) is not installed (pip install 'asyncmy')"
    )
    assert str(named.value) == "the driver psycopg2 is not installed (pip install 'psycopg2-binary')"


@pytest.mark.parametrize(
    ("name", "asynchronous", "text"),
    [
        ("postgresql+asyncpg", False, r"engine\(\) cannot use the driver asyncpg \(use async_engine\(\), or leave"),
        ("mysql+pymysql", True, r"async_engine\(\) cannot use the driver pymysql \(use engine\(\), or leave"),
    ],
)
def test_a_driver_of_the_wrong_kind_is_refused(name: str, asynchronous: bool, text: str) -> None:
    with pytest.raises(WrongDriver, match=text):
        choose(name, asynchronous=asynchronous)


def test_psycopg_does_both() -> None:
    assert choose("postgresql+psycopg", asynchronous=True) == choose("postgresql+psycopg", asynchronous=False)


def test_what_we_do_not_know_is_left_to_sqlalchemy() -> None:
    assert choose("oracle+oracledb", asynchronous=False) == ("oracle+oracledb", None)
    assert choose("mssql", asynchronous=True) == ("mssql", None)


def test_a_dialect_is_known_under_the_names_others_give_it() -> None:
    assert [dialect_of(name) for name in ("postgres", "sqlite3", "mysql+pymysql")] == ["postgresql", "sqlite", "mysql"]


def test_a_driver_keeps_its_second_half() -> None:
    names = ("postgres", "postgres+asyncpg", "mysql+pymysql", "sqlite3+")

    assert [usual_name(name) for name in names] == ["postgresql", "postgresql+asyncpg", "mysql+pymysql", "sqlite"]


def test_which_drivers_are_for_asyncio_alone() -> None:
    assert needs_asyncio("postgres+asyncpg")
    assert not needs_asyncio("postgresql+psycopg")
    assert not needs_asyncio("postgresql")
    assert not needs_asyncio("oracle")


def test_where_no_other_driver_is_installed_asyncio_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "find_spec", lambda name: find_spec(name) if name == "asyncpg" else None)

    assert needs_asyncio("postgresql")
    assert not needs_asyncio("mysql")
