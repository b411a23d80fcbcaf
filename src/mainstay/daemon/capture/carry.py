"""Moves the output of one source into its file, and keeps it while the file cannot be written. Capture thread only."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.daemon.capture.backlog import Dropped
from mainstay.daemon.capture.compress import Compressor
from mainstay.daemon.capture.sink import Sink
from mainstay.daemon.capture.source import CHUNK, JSON_CHUNK, Source
from mainstay.daemon.capture.stall import Stall
from mainstay.daemon.capture.transfer import Transfer
from mainstay.model.spec import LogFormat

RETRY = 1.0
"""Seconds between two tries to write to a file that could not be written."""
LINE_PATIENCE = 0.2
"""Seconds a source waits for another one to end the line that it has begun in their common file."""
SPLIT = 64 * 1024


@dataclass(slots=True)
class Refusal:
    """A file that cannot be written at present: one episode."""

    sink: Sink
    retry_at: float
    dropped: Dropped
    """What had been dropped before it began."""
    trying: bool = False


def loss(dropped: Dropped) -> str:
    """How much is missing, in words."""
    return f"{dropped.lines} lines ({dropped.bytes} bytes) were dropped" if dropped.bytes else "nothing was lost"


class Carrier:
    """`report` gets one line when an episode begins and one when it ends."""

    def __init__(self, transfer: Transfer, stall: Stall, report: Callable[[str], None]) -> None:
        self.transfer = transfer
        self.compressor = Compressor()
        self.refusals: dict[str, Refusal] = {}
        self._stall = stall
        self._report = report
        self._unended: dict[str, tuple[Source, float]] = {}

    def move(self, source: Source) -> int | None:
        """Take what the pipe holds, at most 1 MiB, towards its file; how many bytes, None at the end of the pipe."""
        sink = source.sink
        if sink.path in self.refusals or source.behind():
            taken = source.hoard(time.time_ns())
            self.catch_up(source)
            return taken
        if sink.policy.format is LogFormat.RAW and sink.spliceable and self.transfer.usable:
            taken = self.transfer.fill(source.fd, sink.path)
            if taken:
                self._attempt(source, None, time.time_ns())
            return taken
        data = source.read(JSON_CHUNK if sink.policy.format is LogFormat.JSON else CHUNK)
        if data:
            self._attempt(source, data, time.time_ns())
        return None if data is None else len(data)

    def catch_up(self, source: Source) -> bool:
        """Write what is kept in memory, oldest first; False while the file cannot be written."""
        refusal = self.refusals.get(source.sink.path)
        if refusal is not None and not refusal.trying:
            return False
        if source.out and not self._attempt(source, b"", time.time_ns()):
            return False
        while (kept := source.backlog.take()) is not None:
            if not self._attempt(source, kept[1], kept[0]):
                return False
        return True

    def retry(self, refusal: Refusal, sources: list[Source]) -> None:
        """Try to write again to a file that could not be written; says so when all that was kept is in it."""
        refusal.trying = True
        if not all(self.catch_up(source) for source in sources):
            return
        sink = refusal.sink
        del self.refusals[sink.path]
        self._report(f"{sink.path} is written again: {loss(sink.dropped - refusal.dropped)}")

    def finish(self, source: Source) -> bool:
        """The source will say no more: write its last line too; False while the file cannot be written."""
        rest = source.layout.rest(time.time_ns())
        if rest:
            source.out = memoryview(bytes(source.out) + rest)
        return self.catch_up(source)

    def waits_until(self, source: Source) -> float:
        """Until when (monotonic) this source should wait, because another is inside a line in the same file; or 0."""
        entry = self._unended.get(source.sink.path)
        if entry is None or entry[0] is source or entry[0].ended or source.sink.policy.format is LogFormat.JSON:
            return 0.0
        end = entry[1] + LINE_PATIENCE
        return end if end > time.monotonic() else 0.0

    def rescue(self, sink: Sink) -> None:
        """Write what a process that is gone left in the transfer pipe. Raises OSError."""
        sink.prepare(time.time_ns())
        while data := self.transfer.read(CHUNK):
            view = memoryview(data)
            while view:
                view = view[sink.write(view) :]

    def _attempt(self, source: Source, data: bytes | None, now: int) -> bool:
        """Write `data`, or with None what is in the transfer pipe; what cannot be written goes into `source.out`."""
        sink = source.sink
        self._stall.begin(sink.path)
        try:
            if data is None:
                self._empty_transfer(source, now)
            else:
                self._write(source, data, now)
        except OSError as error:
            self._keep_transfer(source)
            if error.errno != errno.EINVAL or not sink.spliceable or data is not None:
                self._refused(sink, error)
                return False
            sink.spliceable = False  # a file system without splice: from now on through our memory
            return self._attempt(source, b"", now)
        finally:
            self._stall.end()
        self._note_line(source)
        return True

    def _keep_transfer(self, source: Source) -> None:
        while self.transfer.usable and (data := self.transfer.read(CHUNK)):
            source.out = memoryview(bytes(source.out) + data)
            source.tail.saw(data)

    def _empty_transfer(self, source: Source, now: int) -> None:
        """From the transfer pipe into the file; at the place of a rotation through our memory, to find a newline."""
        sink = source.sink
        self._prepare(source, now)
        while left := self.transfer.pending():
            if room := sink.room():
                sink.splice(self.transfer.reader, min(left, room), source.tail)
            elif not self._turned(sink):
                data = self.transfer.read(SPLIT)
                source.out = memoryview(data)
                source.tail.saw(data)
                self._write_out(source)

    def _write(self, source: Source, data: bytes, now: int) -> None:
        """Write what is ready and then `data`, read at `now`. Raises OSError; what is left is in `source.out`."""
        ready = bytes(source.out)
        try:
            self._prepare(source, now)
        finally:
            source.out = memoryview(
                ready + source.layout.apply(source.sink.policy.format, data, now) if data else ready
            )
        self._write_out(source)

    def _write_out(self, source: Source) -> None:
        while source.out:
            before = source.sink.offset
            source.out = source.out[source.sink.write(source.out) :]
            if source.sink.offset < before:
                self._compress(source.sink)

    def _prepare(self, source: Source, now: int) -> None:
        sink = source.sink
        entry = self._unended.get(sink.path)
        if sink.prepare(now):
            self._compress(sink)
        if entry is not None and entry[0] is not source:
            del self._unended[sink.path]
            if not sink.whole:
                entry[0].layout.interrupted()
                sink.write(memoryview(b"\n"))

    def _turned(self, sink: Sink) -> bool:
        turned = sink.turn()
        if turned:
            self._compress(sink)
        return turned

    def _compress(self, sink: Sink) -> None:
        self.compressor.want(sink.path, sink.wants_compression())

    def _note_line(self, source: Source) -> None:
        if source.sink.whole:
            self._unended.pop(source.sink.path, None)
        else:
            self._unended[source.sink.path] = (source, time.monotonic())

    def _refused(self, sink: Sink, error: OSError) -> None:
        sink.close()
        retry_at = time.monotonic() + RETRY
        known = self.refusals.get(sink.path)
        if known is not None:
            known.retry_at, known.trying = retry_at, False
            return
        self.refusals[sink.path] = Refusal(sink, retry_at, sink.dropped)
        match error.errno:
            case errno.ENOSPC:
                what = f"disk full: {sink.path}"
            case errno.EDQUOT:
                what = f"disk quota used up: {sink.path}"
            case _:
                what = f"cannot write {sink.path}: {os.strerror(error.errno) if error.errno else error}"
        self._report(f"{what}: output is kept in memory (8 MiB per stream), then dropped")
