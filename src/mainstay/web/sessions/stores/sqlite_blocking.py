"""Sessions in one SQLite file: shared by all workers of a machine, with no server to install.

A write-ahead log lets readers go on while one writes. What was committed survives the death of a process, also by
SIGKILL; after a power cut the last moments may be missing (`synchronous=NORMAL`). Not for network file systems.
"""

import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mainstay.web.sessions.store import Conflict, Stored, StoreError, Version

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (key BLOB PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL, expires REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sessions_expires ON sessions (expires);
CREATE TABLE IF NOT EXISTS links (user BLOB NOT NULL, key BLOB NOT NULL, expires REAL NOT NULL, PRIMARY KEY (user, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_expires ON links (expires);
"""  # noqa: E501 - one table, one line
_GET = "SELECT value, version, expires FROM sessions WHERE key = ? AND expires > ?"
_CREATE = """INSERT INTO sessions (key, value, version, expires) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE
SET value = excluded.value, version = excluded.version, expires = excluded.expires WHERE sessions.expires <= ?"""
_CHANGE = (
    "UPDATE sessions SET value = ?, version = version + 1, expires = ? WHERE key = ? AND version = ? AND expires > ?"
)
_RENEW = "UPDATE sessions SET expires = ? WHERE key = ? AND expires > ?"
_LINK = "INSERT OR REPLACE INTO links (user, key, expires) VALUES (?, ?, ?)"
_PURGE = "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE expires <= ? LIMIT ?)"
_PURGE_LINKS = "DELETE FROM links WHERE expires <= ?"

WORTH_RENEWING = 1 / 32
"""A read renews an entry when its time to live would change by that share: a read should seldom be a write."""
PURGED_AT_ONCE = 200
_PREPARED_WITHIN = 10.0
_PURGE_EVERY = (20.0, 60.0)  # at random, so that the workers of one machine take turns


class SyncSQLiteStore:
    """A SyncStore in the file `path`, which is made with the mode 0600. `timeout` is how long it waits for writers.

    Safe for threads, and across a fork: the child opens the file anew. Raises StoreError when the file cannot be used.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = 0.25, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = Path(path).absolute()  # a process that changes its folder later means the same file
        self._timeout = timeout
        self._clock = clock
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._next_purge = clock() + random.uniform(*_PURGE_EVERY)
        _make_private(self.path)
        _prepare(self.path)
        _stores.add(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        stored, expires = self.look(key)
        if stored is not None and renew is not None and self.is_worth_renewing(expires, renew):
            self.renew(key, renew)
        return stored

    def look(self, key: str) -> tuple[Stored | None, float]:
        """The entry, and when it expires; never waits for a writer."""
        with self._connection() as connection:
            row = connection.execute(_GET, (bytes.fromhex(key), self._clock())).fetchone()
        return (None, 0.0) if row is None else (Stored(row[0], row[1]), row[2])

    def is_worth_renewing(self, expires: float, renew: float) -> bool:
        """Whether an entry that expires then should be written to live for `renew` seconds."""
        return abs(self._clock() + renew - expires) > renew * WORTH_RENEWING

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        with self.writing() as connection:
            return self.put_with(connection, key, value, ttl, expected)

    def put_with(
        self, connection: sqlite3.Connection, key: str, value: bytes, ttl: float, expected: Version | None
    ) -> Version:
        """As `put`, in the transaction of a connection."""
        now, raw = self._clock(), bytes.fromhex(key)
        if now >= self._next_purge:
            self._purge(connection, now)
        if expected is None:
            version = random.getrandbits(48)  # a version of an earlier life of the key matches nothing
            created = connection.execute(_CREATE, (raw, value, version, now + ttl, now)).rowcount
            if not created:
                raise Conflict(gone=False)
            return version
        changed = connection.execute(_CHANGE, (value, now + ttl, raw, expected, now)).rowcount
        if not changed:
            raise Conflict(gone=connection.execute(_GET, (raw, now)).fetchone() is None)
        assert isinstance(expected, int)  # no row has the version of another store
        return expected + 1

    def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        with self.writing() as connection:
            return self.renew_with(connection, key, ttl)

    def renew_with(self, connection: sqlite3.Connection, key: str, ttl: float) -> bool:
        """As `renew`, in the transaction of a connection."""
        now = self._clock()
        return connection.execute(_RENEW, (now + ttl, bytes.fromhex(key), now)).rowcount > 0

    def delete(self, key: str) -> None:
        """As Store.delete."""
        with self.writing() as connection:
            self.delete_with(connection, key)

    def delete_with(self, connection: sqlite3.Connection, key: str) -> None:
        """As `delete`, in the transaction of a connection."""
        connection.execute("DELETE FROM sessions WHERE key = ?", (bytes.fromhex(key),))

    def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        with self.writing() as connection:
            self.link_with(connection, user, key, ttl)

    def link_with(self, connection: sqlite3.Connection, user: str, key: str, ttl: float) -> None:
        """As `link`, in the transaction of a connection."""
        connection.execute(_LINK, (_named(user), bytes.fromhex(key), self._clock() + ttl))

    def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT key FROM links WHERE user = ? AND expires > ?", (_named(user), self._clock())
            ).fetchall()
        return [row[0].hex() for row in rows]

    def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        with self.writing() as connection:
            self.unlink_with(connection, user, key)

    def unlink_with(self, connection: sqlite3.Connection, user: str, key: str) -> None:
        """As `unlink`, in the transaction of a connection."""
        connection.execute("DELETE FROM links WHERE user = ? AND key = ?", (_named(user), bytes.fromhex(key)))

    def close(self) -> None:
        """Close the file. A later call opens it again."""
        with self._lock:
            connections, self._all, self._idle = self._all, [], []
        for connection in connections:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that may write; committed at its end, undone when an exception leaves it."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")  # waits for other writers here, and nowhere else
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # SQLite may have undone it by itself: disk full
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile. Every error of SQLite leaves as StoreError."""
        try:
            connection = self._idle.pop() if self._idle else self._open()
        except IndexError:  # another thread was quicker
            connection = self._open()
        try:
            yield connection
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the session file {self.path}: {error}") from error
        finally:
            if connection in self._all:  # else the store was closed, or this is the child of a fork
                self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise StoreError(f"cannot open the session file {self.path}: {error}") from error
        with self._lock:
            self._all.append(connection)
        return connection

    def _purge(self, connection: sqlite3.Connection, now: float) -> None:
        purged = connection.execute(_PURGE, (now, PURGED_AT_ONCE)).rowcount
        connection.execute(_PURGE_LINKS, (now,))
        self._next_purge = now + (1.0 if purged == PURGED_AT_ONCE else random.uniform(*_PURGE_EVERY))

    def _forget_connections(self) -> None:
        """In a forked child: the parent's connections are never used here, and never closed, which is use, too."""
        _abandoned.extend(self._all)
        self._all, self._idle = [], []
        self._lock = threading.Lock()


_stores: "weakref.WeakSet[SyncSQLiteStore]" = weakref.WeakSet()
_abandoned: list[sqlite3.Connection] = []


def _after_fork() -> None:
    for store in list(_stores):
        store._forget_connections()


os.register_at_fork(after_in_child=_after_fork)


def _make_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"cannot open the session file {path}: {error.strerror}") from error


def _prepare(path: Path) -> None:
    """Make the tables. Several workers may do so at once, and SQLite does not wait where the log is begun."""
    deadline = time.monotonic() + _PREPARED_WITHIN
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
            return
        except sqlite3.Error as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise StoreError(f"cannot use the session file {path}: {error}") from error
        time.sleep(random.uniform(0.001, 0.02))


def _named(user: str) -> bytes:
    return user.encode(errors="surrogatepass")
