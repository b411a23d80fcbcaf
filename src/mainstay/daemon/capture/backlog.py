"""What was read from an app and cannot be written yet: bounded, in order; what is too much is dropped and counted.

Whole lines are dropped; only one whose start is out of our hands is cut, and ended. Used by two threads: one adds,
the other takes.
"""

from dataclasses import dataclass

from mainstay.sys import threads

SOURCE_LIMIT = 8 * 1024 * 1024
TOTAL_LIMIT = 64 * 1024 * 1024
PIECE = 4096
"""Bytes: pieces smaller than this are joined, so that many tiny ones do not cost more memory than they hold."""
BATCH = 256 * 1024


@dataclass(frozen=True, slots=True)
class Dropped:
    """Output that was read from an app and thrown away."""

    lines: int = 0
    bytes: int = 0

    def __add__(self, other: "Dropped") -> "Dropped":
        return Dropped(self.lines + other.lines, self.bytes + other.bytes)

    def __sub__(self, other: "Dropped") -> "Dropped":
        return Dropped(self.lines - other.lines, self.bytes - other.bytes)


NOTHING = Dropped()


class Budget:
    """The memory all backlogs share, in bytes, and the lock that guards them."""

    __slots__ = ("limit", "lock", "used")

    def __init__(self, limit: int = TOTAL_LIMIT) -> None:
        self.limit = limit
        self.used = 0
        self.lock = threads.lock()


class Backlog:
    """The backlog of one source."""

    __slots__ = ("_budget", "_full", "_inside", "_limit", "_pieces", "_size", "_unended")

    def __init__(self, budget: Budget, limit: int = SOURCE_LIMIT) -> None:
        self._budget = budget
        self._limit = limit
        self._pieces: list[tuple[int, bytes]] = []
        self._size = 0
        self._full = False
        self._inside = False
        """What was dropped last is the first part of a line: the rest must go too."""
        self._unended = True
        """What was kept last ends inside a line, or nobody knows."""

    def settled(self) -> bool:
        """Nothing waits here, and the next byte may go straight to the file."""
        return not self._pieces and not self._inside

    def waiting(self) -> bool:
        """There is something to take."""
        return bool(self._pieces)

    def add(self, data: bytes, time: int) -> Dropped:
        """Keep what there is room for; returns what was dropped. `time` in ns since the epoch."""
        with self._budget.lock:
            if self._full:
                return self._drop(data)
            dropped = NOTHING
            if self._inside:
                end = data.find(b"\n") + 1
                if not end:
                    return Dropped(0, len(data))
                self._inside = self._unended = False
                dropped = Dropped(0, end)
                data = data[end:]
            room = max(0, min(self._limit - self._size, self._budget.limit - self._budget.used))
            if len(data) <= room:
                self._keep(data, time)
                return dropped
            self._full = True
            cut = data.rfind(b"\n", 0, room) + 1
            if cut:
                self._keep(data[:cut], time)
            elif self._unended:
                data = self._take_back() + data
                if self._unended:  # its start is in the file, or long: it is cut, and ended
                    cut = room
                    self._keep(data[:cut] + b"\n", time)
            return dropped + self._drop(data[cut:])

    def take(self) -> tuple[int, bytes] | None:
        """The oldest bytes, at most about `BATCH`, with their time; None when nothing waits.

        Whoever takes them must write them before asking again.
        """
        with self._budget.lock:
            if not self._pieces:
                self._full = False
                return None
            time, first = self._pieces[0]
            count, size = 1, len(first)
            while count < len(self._pieces) and size + len(self._pieces[count][1]) <= BATCH:
                size += len(self._pieces[count][1])
                count += 1
            data = b"".join(piece for _, piece in self._pieces[:count])
            del self._pieces[:count]
            self._size -= size
            self._budget.used -= size
            return time, data

    def abandon(self) -> Dropped:
        """Throw everything away: nobody will ever write it."""
        with self._budget.lock:
            data = b"".join(piece for _, piece in self._pieces)
            lines = data.count(b"\n") + (1 if data and not data.endswith(b"\n") else 0)
            self._pieces.clear()
            self._budget.used -= self._size
            self._size = 0
            self._inside = False
            return Dropped(lines, len(data))

    def _keep(self, data: bytes, time: int) -> None:
        if not data:
            return
        if self._pieces and len(data) + len(self._pieces[-1][1]) <= PIECE:
            time, before = self._pieces[-1]
            self._pieces[-1] = (time, before + data)
        else:
            self._pieces.append((time, data))
        self._unended = not data.endswith(b"\n")
        self._size += len(data)
        self._budget.used += len(data)

    def _take_back(self) -> bytes:
        """The start of a line that was kept last, to be dropped with its rest; empty when it is not there alone."""
        if not self._pieces:
            return b""
        time, last = self._pieces[-1]
        whole = last.rfind(b"\n") + 1
        if not whole:
            return b""
        self._pieces[-1] = (time, last[:whole])
        self._size -= len(last) - whole
        self._budget.used -= len(last) - whole
        self._unended = False
        return last[whole:]

    def _drop(self, data: bytes) -> Dropped:
        """Counts a line when its start is dropped, so that the count is right at any time."""
        if not data:
            return NOTHING
        inside, self._inside = self._inside, not data.endswith(b"\n")
        return Dropped(data.count(b"\n") + self._inside - inside, len(data))
