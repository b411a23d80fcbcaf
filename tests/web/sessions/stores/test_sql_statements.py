"""The statements of the SQL store, as each dialect writes them."""

import pytest
from sqlalchemy import ClauseElement, MetaData
from sqlalchemy.dialects import mysql, postgresql, sqlite

from mainstay.web.sessions.stores.sql_statements import Statements
from mainstay.web.sessions.stores.sql_tables import session_tables

DIALECTS = {"postgresql": postgresql.dialect, "mysql": mysql.dialect, "sqlite": sqlite.dialect}


def written(dialect: str, name: str) -> str:
    """One of the statements as text."""
    statement = getattr(Statements(session_tables(MetaData()), dialect), name)
    assert isinstance(statement, ClauseElement)
    return " ".join(str(statement.compile(dialect=DIALECTS[dialect]())).split())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_change_compares_the_version_in_the_database(dialect: str) -> None:
    text = written(dialect, "change")

    assert text.startswith("UPDATE mainstay_sessions SET ")
    assert "mainstay_sessions.version = " in text
    assert "mainstay_sessions.expires > " in text


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_an_entry_is_created_in_one_statement_where_that_can_be(dialect: str) -> None:
    text = written(dialect, "create")

    assert "ON CONFLICT (key) DO UPDATE" in text.replace('"', "")
    assert "WHERE mainstay_sessions.expires <= " in text
    assert text.endswith(("RETURNING version", "RETURNING mainstay_sessions.version"))


def test_mysql_creates_with_a_plain_insert() -> None:
    assert written("mysql", "create").startswith("INSERT INTO mainstay_sessions")
    assert "ON DUPLICATE" not in written("mysql", "create")
