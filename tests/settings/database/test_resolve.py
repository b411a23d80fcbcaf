import os
import sqlite3

import pytest
import sqlalchemy

from mainstay.settings import Secret, Url
from mainstay.settings.database import Database, WrongSection, secret, variable
from mainstay.settings.database.resolve import Resolved, resolve, secrets_of

PARTS = Database(
    driver="postgresql",
    host=variable("DB_HOST"),
    port=variable("DB_PORT", int, default=5432),
    user="shop",
    password=secret("DB_PASSWORD"),
    database=variable("DB_NAME"),
    query={"sslmode": "require"},
)
ENVIRON = {"DB_HOST": "db", "DB_PASSWORD": "p@ss/word", "DB_NAME": "shop"}


def made(section: Database, environ: dict[str, str] | None = None) -> Resolved:
    return resolve("production", section, environ or {})


def refused(section: Database, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(WrongSection) as caught:
        made(section, environ)
    return caught.value.problems


def test_parts_make_a_url() -> None:
    url = made(PARTS, ENVIRON).url

    assert url.render_as_string(hide_password=False) == ("postgresql://shop:p%40ss%2Fword@db:5432/shop?sslmode=require")
    assert str(url) == "postgresql://shop:***@db:5432/shop?sslmode=require"


def test_all_that_is_missing_is_told_at_once() -> None:
    assert refused(PARTS, {"DB_PASSWORD": "", "DB_PORT": "hunter2"}) == (
        "DB_HOST is not set",
        "DB_PASSWORD is empty",
        "DB_NAME is not set",
        "DB_PORT is no int",
    )


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (Database(), "it has neither a url nor a driver, such as postgresql or sqlite"),
        (Database(driver="postgresql", host="db"), "database, the name of the database, is missing"),
        (
            Database("postgresql://db/shop", host="other", password="x"),
            "it has a url and host, password; one of the two says where the database is",
        ),
        (Database("sqlite://", max_connections=0), "max_connections must be from 1 to 1000000"),
        (Database("sqlite://", pool_size=0), "pool_size must be from 1 to 100000"),
        (Database("sqlite://", connect_timeout=0), "connect_timeout must be more than 0 seconds"),
        (Database(driver="postgresql", database="shop", port=70000), "port must be from 1 to 65535"),
    ],
)
def test_what_cannot_be_is_refused(section: Database, problem: str) -> None:
    assert refused(section) == (problem,)


def test_a_number_out_of_bounds_is_told_with_its_variable() -> None:
    section = Database(driver="postgresql", database="shop", port=variable("DB_PORT", int))

    assert refused(section, {"DB_PORT": "0"}) == ("port (DB_PORT) must be from 1 to 65535",)


def test_a_bad_url_is_told_with_its_variable_and_without_its_text() -> None:
    problems = refused(Database(secret("DATABASE_URL")), {"DATABASE_URL": "postgresql//shop:hunter2@db"})

    assert problems[0].startswith("the url in DATABASE_URL cannot be read: it is not of the form")
    assert "hunter2" not in problems[0]


def test_a_variable_for_the_url_that_is_not_set_is_named() -> None:
    assert refused(Database(secret("DATABASE_URL"))) == ("DATABASE_URL is not set",)


@pytest.mark.parametrize("url", ["postgres://shop:pw@db/shop", Secret("postgres://shop:pw@db/shop")])
def test_a_url_may_be_written_in_the_section(url: str | Secret) -> None:
    resolved = made(Database(url, query={"sslmode": "verify-full"}))

    assert str(resolved.url) == "postgresql://shop:***@db/shop?sslmode=verify-full"


def test_a_url_of_typed_settings_may_be_given() -> None:
    section = Database(Url.of("postgres://shop:hunter2@db/shop"))

    assert str(made(section).url) == "postgresql://shop:***@db/shop"
    assert "hunter2" not in repr(section)


def test_a_wrong_section_does_not_show_the_password_it_was_given() -> None:
    with pytest.raises(WrongSection) as caught:
        made(PARTS, {"DB_PASSWORD": "hunter2"})

    assert "hunter2" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    ("section", "in_memory"),
    [
        (Database("sqlite://"), True),
        (Database("sqlite:///:memory:"), True),
        (Database(driver="sqlite+aiosqlite"), True),
        (Database(driver="sqlite", database="shop.db"), False),
        (Database("postgresql://db/shop"), False),
    ],
)
def test_which_databases_live_in_memory(section: Database, in_memory: bool) -> None:
    assert made(section).in_memory is in_memory


@pytest.mark.parametrize(
    ("section", "path"),
    [
        (Database(driver="sqlite", database="data/shop.db"), "data/shop.db"),
        (Database("sqlite:///data/shop.db"), "data/shop.db"),
        (Database("sqlite:////srv/shop.db"), "/srv/shop.db"),
        (Database(driver="sqlite3", database="~/shop.db"), os.path.expanduser("~/shop.db")),
    ],
)
def test_paths_of_sqlite(section: Database, path: str) -> None:
    assert made(section).url.database == path


def test_a_path_with_what_urls_give_a_meaning_is_a_path(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "a b?c#d%20@e.db")
    sqlite3.connect(path).execute("CREATE TABLE found (x)").connection.close()

    with sqlalchemy.create_engine(made(Database(driver="sqlite", database=path)).url).connect() as connection:
        names = sqlalchemy.inspect(connection).get_table_names()

    assert names == ["found"]


def test_secrets_of_a_url_are_its_password_and_secret_options() -> None:
    url = made(Database("postgresql://shop:one@db/shop?sslpassword=two&sslmode=require")).url

    assert list(secrets_of(url)) == ["one", "two"]
