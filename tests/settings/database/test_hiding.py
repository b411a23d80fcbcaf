import asyncio
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from mainstay.settings.database import Database, Sections
from tests.servers import database

ANN = "ann@example.com"
NO_NUMBER = "hunter2 and more"
INSERT = text("INSERT INTO person (email, age) VALUES (:email, :age)")


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")


@pytest.fixture
def engine(server: database.Database) -> Iterator[Engine]:
    made = Sections(production=Database(server.url())).engine()
    with made.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS person"))
        connection.execute(text("CREATE TABLE person (email varchar(200) UNIQUE NOT NULL, age integer)"))
        connection.execute(INSERT, {"email": ANN, "age": 30})
    yield made
    made.dispose()


def shown(error: BaseException) -> str:
    """All that a log would show of it."""
    return str(error) + repr(error) + "".join(traceback.format_exception(error))


def test_a_value_that_is_there_already_is_not_in_the_error(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(INSERT, {"email": ANN, "age": 30})

    assert ANN not in shown(caught.value)
    assert "person" in str(caught.value)
    assert "INSERT INTO person" in str(caught.value)


def test_a_value_of_the_wrong_type_is_not_in_the_error(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(INSERT, {"email": "bob@example.com", "age": NO_NUMBER})

    assert "hunter2" not in shown(caught.value)


def test_values_of_a_batch_are_not_in_the_error(engine: Engine) -> None:
    rows = [{"email": f"{number}@example.com", "age": 1} for number in range(300)]

    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(INSERT, [*rows, {"email": ANN, "age": 1}])

    assert "example.com" not in shown(caught.value)


def test_a_value_cut_by_the_database_is_not_in_the_error(engine: Engine) -> None:
    long = "secret." * 28
    with engine.begin() as connection:
        connection.execute(INSERT, {"email": long, "age": 1})

    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(INSERT, {"email": long, "age": 1})

    assert "secret." not in shown(caught.value)


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg", "asyncmy", "aiomysql"])
def test_asynchronous_drivers_do_not_show_it_either(
    driver: str, pg: database.Database, maria: database.Database
) -> None:
    server = pg if driver in ("asyncpg", "psycopg") else maria
    sections = Sections(production=Database(server.url(driver)))

    async def insert_twice() -> DBAPIError:
        made = sections.async_engine()
        async with made.begin() as connection:
            await connection.execute(text("DROP TABLE IF EXISTS person"))
            await connection.execute(text("CREATE TABLE person (email varchar(200) UNIQUE NOT NULL, age integer)"))
            await connection.execute(INSERT, {"email": ANN, "age": 30})
        try:
            async with made.begin() as connection:
                await connection.execute(INSERT, {"email": ANN, "age": 30})
        except DBAPIError as error:
            return error
        finally:
            await made.dispose()
        raise AssertionError("the second one was taken")

    error = asyncio.run(insert_twice())

    assert ANN not in shown(error)
    assert "person" in str(error)


def test_in_development_the_error_shows_all(server: database.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "development")
    engine = Sections(development=Database(server.url(), echo=False)).engine()

    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text("INSERT INTO no_such_table VALUES (:email)"), {"email": ANN})

    engine.dispose()
    assert ANN in str(caught.value)


def test_the_error_that_was_being_handled_is_left_alone(engine: Engine) -> None:
    handled = ValueError(f'about "{ANN}"')

    try:
        raise handled
    except ValueError:
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(INSERT, {"email": ANN, "age": 30})

    assert handled.args == (f'about "{ANN}"',)


def test_sqlite_names_the_column_and_no_value(tmp_path: object) -> None:
    engine = Sections(production=Database(driver="sqlite", database=f"{tmp_path}/shop.db")).engine()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (email UNIQUE, age)"))
        connection.execute(INSERT, {"email": ANN, "age": 30})

    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(INSERT, {"email": ANN, "age": 30})

    engine.dispose()
    assert ANN not in shown(caught.value)
    assert "UNIQUE constraint failed: person.email" in str(caught.value)
