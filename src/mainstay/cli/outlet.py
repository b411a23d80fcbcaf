"""A stream of ours that never holds us up: what is written to it is kept in memory and written by a thread of its own.

Whoever reads it (a container's log driver, a terminal that was stopped) may be slow or stuck. While it makes progress,
writers wait; what does not fit after that is dropped, a write at a time, and counted.
"""

from __future__ import annotations

import io
import os
import select
import threading
import time

ROOM = 4 * 1024 * 1024
"""Bytes that are kept."""
PATIENCE = 2.0
"""Seconds without any progress after which a full stream is taken for stuck."""
_AT_ONCE = 64 * 1024


class Outlet(io.TextIOBase):
    """A text stream on a descriptor. Anything may be written at any time; `dropped` counts lines that were lost."""

    def __init__(self, fd: int, *, room: int = ROOM, patience: float = PATIENCE) -> None:
        self._fd = fd
        self._room = room
        self._patience = patience
        self._kept = bytearray()
        self._changed = threading.Condition()
        self._moved_at = time.monotonic()
        self._broken = False
        self._closing = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._pour, daemon=True, name=f"outlet {fd}")
        self._thread.start()

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Whether it leads to a terminal."""
        return os.isatty(self._fd)

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def write(self, text: str) -> int:
        """Keep it, or count its lines as dropped when there is no room for it and nothing moves."""
        data = text.encode(errors="backslashreplace")
        with self._changed:
            self._changed.wait_for(lambda: self._fits(data) or self._is_stuck(), self._patience)
            if self._fits(data) and not self._broken:
                if not self._kept:
                    self._moved_at = time.monotonic()
                self._kept += data
                self._changed.notify_all()
            else:
                self.dropped += max(1, text.count("\n"))
        return len(text)

    def finish(self, seconds: float) -> None:
        """Wait until all is written, as long as something moves and `seconds` at most; what is left is dropped."""
        end = time.monotonic() + seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            while self._kept and not self._broken and time.monotonic() < end and not self._is_stuck():
                self._changed.wait(0.05)
            self.dropped += self._kept.count(b"\n")
            self._kept.clear()

    def _fits(self, data: bytes) -> bool:
        return self._broken or not self._kept or len(self._kept) + len(data) <= self._room

    def _is_stuck(self) -> bool:
        return self._broken or (bool(self._kept) and time.monotonic() - self._moved_at >= self._patience)

    def _pour(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._kept or self._closing)
                piece = bytes(self._kept[:_AT_ONCE])
            if not piece:
                return
            written = self._written(piece)
            with self._changed:
                if written < 0:
                    self._broken = True
                    self.dropped += self._kept.count(b"\n")
                    self._kept.clear()
                    return
                del self._kept[:written]
                self._moved_at = time.monotonic()
                self._changed.notify_all()

    def _written(self, piece: bytes) -> int:
        """How much of it was taken; -1 when nobody will ever take more."""
        try:
            return os.write(self._fd, piece)
        except BlockingIOError:  # somebody who shares the descriptor made it so
            select.select([], [self._fd], [])
            return 0
        except OSError:
            return -1
