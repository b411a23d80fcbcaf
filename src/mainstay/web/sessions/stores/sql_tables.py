"""The two tables of a SQL session store. Put them into your own MetaData, and Alembic's autogenerate sees them.

from mainstay.web.sessions.stores.sql_tables import session_tables
session_tables(Base.metadata)
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects import mysql

NAME = "mainstay_sessions"

_HASH = String(64)
"""Hexadecimal SHA-256: of a session's id, of a user's name."""


@dataclass(frozen=True, slots=True)
class Tables:
    """`sessions` holds the records; `links` says whose they are. `expires` is in ms since 1970."""

    sessions: Table
    links: Table


def session_tables(metadata: MetaData, name: str = NAME, schema: str | None = None) -> Tables:
    """Declare the tables `name` and `name`_of_users in `metadata`; the same ones when they are there already."""
    full = f"{schema}.{name}" if schema else name
    if full in metadata.tables:
        return Tables(metadata.tables[full], metadata.tables[f"{full}_of_users"])
    # MySQL's BLOB ends at 64 KiB, less than a session may be.
    value = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
    sessions = Table(
        name,
        metadata,
        Column("key", _HASH, primary_key=True),
        Column("value", value, nullable=False),
        Column("version", BigInteger, nullable=False, autoincrement=False),
        Column("expires", BigInteger, nullable=False, index=True),
        schema=schema,
    )
    links = Table(
        f"{name}_of_users",
        metadata,
        Column("user_hash", _HASH, primary_key=True),
        Column("key", _HASH, primary_key=True),
        Column("expires", BigInteger, nullable=False, index=True),
        schema=schema,
    )
    return Tables(sessions, links)
