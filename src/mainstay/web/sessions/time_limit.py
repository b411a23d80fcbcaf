"""A time limit for many short calls: one timer for all that are under way, not one each.

`asyncio.timeout` makes and cancels a timer for each call, which costs more than reading a session. All calls here have
the same limit, so they end in the order in which they began, and one look at the oldest is enough.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

T = TypeVar("T")


class TimeLimit:
    """Ends calls that take longer than `seconds`, with TimeoutError; for any number of event loops."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()
        self._last: _Watch | None = None  # most programs have one loop

    async def keep(self, call: Awaitable[T]) -> T:
        """What `call` returns or raises, TimeoutError when it has not come to its end in time."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit can be kept only in a task of an event loop")
        loop = task.get_loop()
        watch = self._last
        if watch is None or watch.loop() is not loop:
            watch = self._watch(loop)
        cancelled_before = task.cancelling()
        under_way = watch.begin(loop, task, self.seconds)
        try:
            return await call
        except asyncio.CancelledError:
            if under_way.overdue:
                under_way.overdue = False
                if task.uncancel() <= cancelled_before:
                    raise TimeoutError from None
            raise  # somebody else wants the task to end
        finally:
            under_way.task = None
            if under_way.overdue:
                task.uncancel()  # it came to its end all the same: what we asked for is asked for no more

    def _watch(self, loop: asyncio.AbstractEventLoop) -> "_Watch":
        watch = self._watches.get(loop)
        if watch is None:
            watch = self._watches[loop] = _Watch(loop)
        self._last = watch
        return watch


class _UnderWay:
    __slots__ = ("deadline", "overdue", "task")

    def __init__(self, task: "asyncio.Task[Any]", deadline: float) -> None:
        self.task: asyncio.Task[Any] | None = task
        self.deadline = deadline
        self.overdue = False


class _Watch:
    """The calls under way in one loop, the oldest first."""

    __slots__ = ("_calls", "_is_set", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = ref(loop)  # else a loop that was closed would be kept
        self._calls: deque[_UnderWay] = deque()
        self._is_set = False

    def begin(self, loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]", seconds: float) -> _UnderWay:
        """Watch a call that begins now."""
        call = _UnderWay(task, loop.time() + seconds)
        self._calls.append(call)
        if not self._is_set:
            self._is_set = True
            loop.call_at(call.deadline, self._look, loop)
        return call

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now, calls = loop.time(), self._calls
        while calls and (calls[0].task is None or calls[0].deadline <= now):
            call = calls.popleft()
            if call.task is not None:
                call.overdue = True
                call.task.cancel()
        self._is_set = bool(calls)
        if calls:
            loop.call_at(calls[0].deadline, self._look, loop)
