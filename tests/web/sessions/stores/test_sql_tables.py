"""The tables of the SQL store."""

from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateTable

from mainstay.web.sessions.stores.sql_tables import session_tables


def test_they_are_in_the_metadata_of_the_app() -> None:
    metadata = MetaData()

    tables = session_tables(metadata, "shop_sessions", schema="web")

    assert set(metadata.tables) == {"web.shop_sessions", "web.shop_sessions_of_users"}
    assert session_tables(metadata, "shop_sessions", schema="web") == tables


def test_mysql_takes_more_than_64_kib() -> None:
    assert "MEDIUMBLOB" in created_in(mysql.dialect())
    assert "BYTEA" in created_in(postgresql.dialect())  # type: ignore[no-untyped-call]


def created_in(dialect: Dialect) -> str:
    """The statement that makes the table of the sessions."""
    return str(CreateTable(session_tables(MetaData()).sessions).compile(dialect=dialect))
