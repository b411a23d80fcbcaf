"""Moves the output of one source into its file, and keeps it while the file cannot be written. Capture thread only."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.daemon.capture.backlog import Dropped
from mainstay.daemon.capture.compress import Compressor
from mainstay.daemon.capture.intake import Intake, Mark
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
        if source.intake is None and self.transfer.intake and sink.policy.format is LogFormat.RAW:
            data = source.saw(self.transfer.take(source.fd, CHUNK, sink.path))
            intake: Intake | None = self.transfer.intake
        else:
            data = source.take(JSON_CHUNK if sink.policy.format is LogFormat.JSON else CHUNK)
            intake = source.intake
        if data:
            self._attempt(source, data, time.time_ns(), intake)
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
        """Write what a process that is gone left in the intake and then in the transfer pipe. Raises OSError."""
        sink.prepare(time.time_ns())
        intake = self.transfer.intake
        if intake:
            left = intake.left()
            _write_all(sink, _unwritten(sink, left.data, left.mark) if left.mark else memoryview(left.data))
            intake.settle()
        while data := self.transfer.read(CHUNK):
            _write_all(sink, memoryview(data))

    def resume(self, source: Source) -> None:
        """Write what a process that is gone took out of this source's pipe and did not write."""
        if source.intake is None:
            return
        left = source.intake.left()
        source.layout.begun = left.begun
        source.tail.saw(left.data)
        if left.mark is None:
            self._attempt(source, left.data, time.time_ns(), source.intake)
            return
        out = source.layout.apply(left.style, left.data, left.mark.now)
        source.intake.mark(left.style, left.begun, left.mark, len(out))
        source.out = _unwritten(source.sink, out, left.mark)
        self._attempt(source, b"", left.mark.now)

    def _attempt(self, source: Source, data: bytes | None, now: int, intake: Intake | None = None) -> bool:
        """Write `data`, or with None what is in the transfer pipe; what cannot be written goes into `source.out`.

        `intake` is where `data` is too.
        """
        done = self._try(source, data, now, intake)
        if intake and intake is not source.intake:
            intake.settle()
        if source.intake:
            source.intake.settle(source.sink.policy.format, source.layout.partial, source.layout.begun)
        return done

    def _try(self, source: Source, data: bytes | None, now: int, intake: Intake | None) -> bool:
        sink = source.sink
        self._stall.begin(sink.path)
        try:
            if data is None:
                self._empty_transfer(source, now)
            else:
                self._write(source, data, now, intake)
        except OSError as error:
            self._keep_transfer(source)
            if error.errno != errno.EINVAL or not sink.spliceable or data is not None:
                self._refused(sink, error)
                return False
            sink.spliceable = False  # a file system without splice: from now on through our memory
            return self._try(source, b"", now, None)
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
                self._turn_inside_a_line(source, now)

    def _turn_inside_a_line(self, source: Source, now: int) -> None:
        sink, intake = source.sink, self.transfer.intake
        assert intake
        data = source.saw(intake.take(self.transfer.reader, SPLIT)) or b""
        source.out = memoryview(data)
        intake.mark(LogFormat.RAW, False, Mark(sink.inode, sink.offset, 0, now), len(data))
        try:
            self._write_out(source, intake)
        finally:
            intake.settle()

    def _write(self, source: Source, data: bytes, now: int, intake: Intake | None) -> None:
        """Write what is ready and then `data`, read at `now`. Raises OSError; what is left is in `source.out`."""
        sink, ready, begun = source.sink, bytes(source.out), source.layout.begun
        try:
            self._prepare(source, now)
        finally:
            source.out = memoryview(ready + source.layout.apply(sink.policy.format, data, now) if data else ready)
        if intake:
            intake.mark(sink.policy.format, begun, Mark(sink.inode, sink.offset, 0, now), len(source.out))
        elif source.intake:
            source.intake.moved_on(sink.inode, sink.offset, len(source.out))
        self._write_out(source, intake or source.intake)

    def _write_out(self, source: Source, intake: Intake | None) -> None:
        while source.out:
            before = source.sink.offset
            source.out = source.out[source.sink.write(source.out) :]
            if source.sink.offset < before:
                if intake:
                    intake.moved_on(source.sink.inode, source.sink.offset, len(source.out))
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


def _write_all(sink: Sink, data: memoryview) -> None:
    while data:
        data = data[sink.write(data) :]


def _unwritten(sink: Sink, out: bytes, mark: Mark) -> memoryview:
    """What of `out` is in none of its files, when it was being written from this mark on."""
    rest = out[mark.done :]
    return memoryview(rest)[sink.holds(mark.inode, mark.offset, rest) :]
