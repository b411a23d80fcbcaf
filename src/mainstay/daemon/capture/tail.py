"""The last lines a source wrote, for messages about its death; usually not kept but found again in its file."""

import os

from mainstay.sys import threads

KEPT = 8 * 1024
_PARTS = 64


class Tails:
    """The lock that guards all tails: one thread writes them, another asks."""

    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threads.lock()


class Tail:
    """The last `KEPT` bytes of one source, as places in the current file and bytes that never were in one."""

    __slots__ = ("_fd", "_lock", "_parts")

    def __init__(self, tails: Tails) -> None:
        self._lock = tails.lock
        self._fd = -1
        self._parts: list[tuple[int, int] | bytes] = []

    def wrote(self, fd: int, offset: int, size: int) -> None:
        """`size` bytes of the source stand at `offset` of the open file `fd`; `settle` before closing it."""
        with self._lock:
            self._fd = fd
            last = self._parts[-1] if self._parts else b""
            if isinstance(last, tuple) and last[0] + last[1] == offset:
                offset, size = last[0], last[1] + size
                self._parts.pop()
            cut = max(0, size - KEPT)
            self._append((offset + cut, size - cut))

    def saw(self, data: bytes) -> None:
        """These bytes of the source are not (yet) in its file as they are."""
        with self._lock:
            last = self._parts[-1] if self._parts else b""
            if isinstance(last, bytes) and self._parts:
                self._parts.pop()
                data = last + data if len(data) < KEPT else data
            self._append(data[-KEPT:])

    def settle(self) -> None:
        """The file is about to be closed: keep the bytes themselves."""
        with self._lock:
            self._parts = [self._bytes()[-KEPT:]]
            self._fd = -1

    def lines(self, count: int, limit: int) -> tuple[str, ...]:
        """The last `count` lines in at most `limit` bytes, control characters escaped, without a cut first line."""
        with self._lock:
            data = self._bytes()
        cut = len(data) > limit or len(data) >= KEPT
        found = data[-limit:].removesuffix(b"\n").split(b"\n")
        if cut and len(found) > 1:
            del found[0]
        return tuple(_printable(line) for line in found[-count:]) if data else ()

    def _append(self, part: tuple[int, int] | bytes) -> None:
        self._parts.append(part)
        total = sum(_size(part) for part in self._parts)
        while len(self._parts) > 1 and (total - _size(self._parts[0]) >= KEPT or len(self._parts) > _PARTS):
            total -= _size(self._parts.pop(0))

    def _bytes(self) -> bytes:
        return b"".join(part if isinstance(part, bytes) else self._read(*part) for part in self._parts)

    def _read(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._fd, size, offset) if self._fd >= 0 else b""
        except OSError:
            return b""


def _size(part: tuple[int, int] | bytes) -> int:
    return len(part) if isinstance(part, bytes) else part[1]


def _printable(line: bytes) -> str:
    text = line.removesuffix(b"\r").decode(errors="backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)
