"""The statements of a SQL session store, built once. Each is a transaction of its own.

What must be atomic is one statement: a change is `UPDATE ... WHERE version = the one that was read`.
"""

from typing import Any

from sqlalchemy import ColumnElement, Executable, Integer, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mainstay.web.sessions.stores.sql_tables import Tables


class Statements:
    """For one pair of tables and one dialect. `of_key` is the key in a condition, `key` that of a new row."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        sessions, links = tables.sessions.c, tables.links.c
        key = sessions.key == bindparam("of_key")
        living = sessions.expires > bindparam("now")
        new: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in ("value", "version", "expires")}
        row: dict[str, ColumnElement[Any]] = {"key": bindparam("key"), **new}
        one_link: list[ColumnElement[bool]] = [links.user_hash == bindparam("user"), links.key == bindparam("of_key")]
        self.read: Executable = select(sessions.value, sessions.version, sessions.expires).where(key, living)
        self.change: Executable = (
            update(tables.sessions).where(key, living, sessions.version == bindparam("expected")).values(new)
        )
        self.renew: Executable = update(tables.sessions).where(key, living).values(expires=bindparam("expires"))
        self.delete: Executable = delete(tables.sessions).where(key)
        self.creates_at_once = dialect in ("postgresql", "sqlite")
        self.create: Executable = _upsert(tables, dialect, row) if self.creates_at_once else _plain(tables, row)
        self.replace_expired: Executable = update(tables.sessions).where(key, ~living).values(new)
        link: dict[str, ColumnElement[Any]] = {
            "user_hash": bindparam("user"),
            "key": bindparam("key"),
            "expires": bindparam("expires"),
        }
        self.add_link: Executable = insert(tables.links).values(link)
        self.renew_link: Executable = update(tables.links).where(*one_link).values(expires=bindparam("expires"))
        self.delete_link: Executable = delete(tables.links).where(*one_link)
        still_linked = (links.user_hash == bindparam("user"), links.expires > bindparam("now"))
        self.linked: Executable = select(links.key).where(*still_linked)
        self.expired: Executable = select(sessions.key).where(~living).limit(bindparam("most", type_=Integer))
        self.purge: Executable = delete(tables.sessions).where(
            sessions.key.in_(bindparam("keys", expanding=True)), ~living
        )
        self.purge_links: Executable = delete(tables.links).where(links.expires <= bindparam("now"))


def _plain(tables: Tables, row: dict[str, ColumnElement[Any]]) -> Executable:
    return insert(tables.sessions).values(row)


def _upsert(tables: Tables, dialect: str, row: dict[str, ColumnElement[Any]]) -> Executable:
    """Insert, or take the place of an expired entry: in one statement, and without an error in the server's log."""
    flavour = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = flavour(tables.sessions).values(row)
    fresh = {name: statement.excluded[name] for name in ("value", "version", "expires")}
    overdue = tables.sessions.c.expires <= bindparam("now")
    # A row comes back where one was written; the count of an INSERT is not known on every driver.
    done = statement.on_conflict_do_update(index_elements=["key"], set_=fresh, where=overdue)
    return done.returning(tables.sessions.c.version)
