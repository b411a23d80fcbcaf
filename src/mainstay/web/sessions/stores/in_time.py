"""A time limit for calls that block: they run in a thread, and whoever waits for one too long goes on without it."""

import os
import queue
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mainstay.web.sessions.store import StoreError

T = TypeVar("T")

_everyone: "weakref.WeakSet[InTime]" = weakref.WeakSet()


class InTime:
    """At most `most` threads, made when they are needed and used again. They do not keep a process from ending."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[_Inbox] = []
        self._count = 0
        _everyone.add(self)

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises; TimeoutError when it has not ended in time: it goes on, and is not looked at.

        StoreError when all threads are held by calls that do not end.
        """
        job = _Job(work)
        self._thread().put(job)
        if not job.ended.wait(seconds):
            raise TimeoutError
        return job.outcome()

    def close(self) -> None:
        """Let the idle threads end."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._count -= len(idle)
        for inbox in idle:
            inbox.put(None)

    def forget(self) -> None:
        """Know of no thread any more: in the child of a fork there are none."""
        self._lock = threading.Lock()
        self._idle = []
        self._count = 0

    def _thread(self) -> "_Inbox":
        """The inbox of a thread that has nothing to do."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._count >= self._most:
                raise StoreError(f"the database is behind: {self._most} statements have not ended")
            self._count += 1
        inbox = _Inbox()
        threading.Thread(target=self._work, args=(inbox,), name="mainstay-sessions", daemon=True).start()
        return inbox

    def _work(self, inbox: "_Inbox") -> None:
        while (job := inbox.get()) is not None:
            job.do()
            with self._lock:
                self._idle.append(inbox)
            job.ended.set()
            del job  # what it returned is not kept until the next one


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    ended: threading.Event = field(default_factory=threading.Event)
    result: list[T] = field(default_factory=list)
    error: BaseException | None = None

    def do(self) -> None:
        try:
            self.result.append(self.work())
        except BaseException as error:
            self.error = error

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result[0]


class _Inbox:
    """Where a thread waits for work; None tells it to end."""

    def __init__(self) -> None:
        queued: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()  # of jobs that return this and that
        self.get = queued.get
        self.put = queued.put


def _forget_all() -> None:
    for one in list(_everyone):
        one.forget()


os.register_at_fork(after_in_child=_forget_all)
