"""The write boundary: the calls through which output reaches a file. Each may block for as long as the disk likes."""

import os

SPLICES = hasattr(os, "splice")
_MOVE = getattr(os, "SPLICE_F_MOVE", 1)


class Disk:
    """A real one. Tests put a slow or a broken one in its place."""

    def splice(self, pipe: int, file: int, size: int, offset: int) -> int:
        """Move up to `size` bytes out of a pipe into a file, at `offset` (splice(2)); how many. Raises OSError."""
        return os.splice(pipe, file, size, offset_dst=offset, flags=_MOVE)

    def write(self, file: int, data: memoryview, offset: int | None) -> int:
        """Write at `offset`, or, with None, wherever a terminal, FIFO or device is; how many bytes. Raises OSError."""
        return os.write(file, data) if offset is None else os.pwrite(file, data, offset)
