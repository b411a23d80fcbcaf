"""Sessions in one SQLite file, for asynchronous apps: the event loop waits for no writer.

Reads are done at once, as they take some microseconds and SQLite's log lets nobody hold them up. Writes go to a thread,
which puts all that have come meanwhile into one transaction. `SyncSQLiteStore` is for blocking apps; both may share a
file.
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from mainstay.web.sessions.store import Conflict, Stored, Version
from mainstay.web.sessions.stores.sqlite_blocking import SyncSQLiteStore

MOST_TOGETHER = 128
"""The most writes in one transaction."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]  # what a job returns is the business of who waits for it


class SQLiteStore:
    """A Store in the file `path`, which is made with the mode 0600. Raises StoreError when it cannot be used."""

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = 0.25, clock: Callable[[], float] = time.time
    ) -> None:
        self._file = SyncSQLiteStore(path, timeout=timeout, clock=clock)
        self._writer = _Writer(self._file)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._file.path)!r})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        stored, expires = self._file.look(key)
        if stored is not None and renew is not None and self._file.is_worth_renewing(expires, renew):
            self._writer.soon(lambda connection: self._file.renew_with(connection, key, renew))
        return stored

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        return await self._writer.do(lambda connection: self._file.put_with(connection, key, value, ttl, expected))

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return await self._writer.do(lambda connection: self._file.renew_with(connection, key, ttl))

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        await self._writer.do(lambda connection: self._file.delete_with(connection, key))

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        await self._writer.do(lambda connection: self._file.link_with(connection, user, key, ttl))

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        return self._file.linked(user)

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        await self._writer.do(lambda connection: self._file.unlink_with(connection, user, key))

    async def close(self) -> None:
        """As Store.close: what was asked for is written first. A later call opens the file again."""
        await asyncio.to_thread(self._writer.stop)
        self._file.close()


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    waiting: "tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None"

    def tell(self, outcome: object) -> None:
        """Hand the outcome to whoever waits for it, in their own thread."""
        if self.waiting is None:
            return
        loop, future = self.waiting
        try:
            loop.call_soon_threadsafe(_settle, future, outcome)
        except RuntimeError:
            return  # the loop was closed meanwhile: nobody waits any more


class _Writer:
    """The one thread of this process that writes. It is begun with the first write, also anew in a forked child."""

    def __init__(self, file: SyncSQLiteStore) -> None:
        self._file = file
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: "Callable[[sqlite3.Connection], T]") -> T:
        """What `work` returns, once it is committed. Raises Conflict, StoreError."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(work, (loop, future)))
        return await future

    def soon(self, work: Work) -> None:
        """Do `work` some time; nobody waits for it."""
        self._put(_Job(work, None))

    def stop(self) -> None:
        """End the thread, when it has written what there is."""
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            self._jobs.put(None)
            thread.join()

    def _put(self, job: _Job) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._jobs = SimpleQueue()  # a forked child's copy of the old one may be locked for ever
            self._thread = threading.Thread(
                target=self._write_all, args=(self._jobs,), name="mainstay-sessions", daemon=True
            )
            self._thread.start()
        self._jobs.put(job)

    def _write_all(self, jobs: "SimpleQueue[_Job | None]") -> None:
        while (job := jobs.get()) is not None:
            together = [job]
            goes_on = _take_more(jobs, together)
            self._write(together)
            if not goes_on:
                return

    def _write(self, together: list[_Job]) -> None:
        wanted = [job for job in together if job.waiting is None or not job.waiting[1].cancelled()]
        outcomes: list[object] = []
        try:
            with self._file.writing() as connection:
                for job in wanted:
                    outcomes.append(_outcome(job, connection))
        except Exception as error:
            # Nothing of it was committed. Whatever it is, it belongs to those who wait: this thread goes on.
            outcomes = [error] * len(wanted)
        for job, outcome in zip(wanted, outcomes, strict=True):
            job.tell(outcome)


def _take_more(jobs: "SimpleQueue[_Job | None]", together: list[_Job]) -> bool:
    """Add what else has come to `together`; False when the thread is to end."""
    while len(together) < MOST_TOGETHER:
        try:
            job = jobs.get_nowait()
        except Empty:
            return True
        if job is None:
            return False
        together.append(job)
    return True


def _outcome(job: _Job, connection: sqlite3.Connection) -> object:
    try:
        return job.work(connection)
    except Conflict as conflict:
        return conflict  # changed nothing, and is nobody else's business


def _settle(future: "asyncio.Future[Any]", outcome: object) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


__all__ = ["SQLiteStore", "SyncSQLiteStore"]
