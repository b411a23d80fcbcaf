"""What the daemon needs of `threading`, which would cost it 220 KB: a thread to wait for, and an event."""

import _thread
from collections.abc import Callable

lock = _thread.allocate_lock


class Thread:
    """Runs `target` beside us from now on; it ends with the process."""

    __slots__ = ("_running",)

    def __init__(self, target: Callable[[], None]) -> None:
        self._running = lock()
        self._running.acquire()
        _thread.start_new_thread(self._run, (target,))

    def join(self, timeout: float) -> bool:
        """Wait until it has ended, at most `timeout` seconds; whether it has."""
        ended = self._running.acquire(timeout=timeout)
        if ended:
            self._running.release()
        return ended

    def _run(self, target: Callable[[], None]) -> None:
        try:
            target()
        finally:
            self._running.release()


class Event:
    """Something that one thread waits for and another one brings about."""

    __slots__ = ("_guard", "_happened", "_waiting")

    def __init__(self) -> None:
        self._guard = lock()
        self._happened = False
        self._waiting: list[_thread.LockType] = []

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._happened

    def set(self) -> None:
        """It happens: who waits goes on."""
        with self._guard:
            self._happened = True
            for each in self._waiting:
                each.release()
            self._waiting.clear()

    def clear(self) -> None:
        """As if it had not happened."""
        self._happened = False

    def wait(self, timeout: float = -1) -> bool:
        """Wait until it happens, at most `timeout` seconds, or for ever with -1; whether it did."""
        mine = lock()
        with self._guard:
            if self._happened:
                return True
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
            return True
