"""One pipe that an app writes to, and what has been taken out of it but is not in its file yet."""

import errno
import os
from dataclasses import dataclass

from mainstay.daemon.capture.backlog import Backlog, Budget, Dropped
from mainstay.daemon.capture.intake import Intake
from mainstay.daemon.capture.layout import Layout
from mainstay.daemon.capture.sink import Sink
from mainstay.daemon.capture.tail import Tail, Tails
from mainstay.model.spec import LogPolicy
from mainstay.sys.pipes import set_size

SMALL = 64 * 1024
LARGE = 1024 * 1024
CHUNK = 256 * 1024
JSON_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class SinkSpec:
    """Where the output of one source goes and how; `stream` is `out` or `err`."""

    path: str
    stream: str
    app: str
    slot_index: int
    policy: LogPolicy


class Source:
    """The read end, owned. Read by one thread at a time: capture, or relief while capture is held up by the disk."""

    __slots__ = (
        "backlog", "capacity", "dropped", "ended", "fd", "finishing", "grown",
        "intake", "key", "layout", "moved", "out", "sink", "tail",
    )  # fmt: skip

    def __init__(self, key: str, fd: int, spec: SinkSpec, sink: Sink, shared: tuple[Budget, Tails]) -> None:
        self.key = key
        self.fd = fd
        self.sink = sink
        self.layout = Layout(spec.app, spec.slot_index, spec.stream)
        self.backlog = Backlog(shared[0])
        self.tail = Tail(shared[1])
        self.intake: Intake | None = None
        """Through which output comes that is not written as it is."""
        self.out = memoryview(b"")
        """Ready to be written as it is, before everything else."""
        self.dropped = Dropped()
        self.capacity = SMALL
        self.grown = False
        self.moved = 0.0
        """When something was last taken out of the pipe; seconds, monotonic."""
        self.finishing = False
        self.ended = False

    def behind(self) -> bool:
        """Something was taken out of the pipe that is not written yet, or the rest of a dropped line is to come."""
        return bool(self.out) or not self.backlog.settled()

    def read(self, size: int) -> bytes | None:
        """What the pipe holds, up to `size` bytes; empty when there is nothing now, None at the end of the file."""
        try:
            data = os.read(self.fd, size)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return b""
            raise
        return self.saw(data or None)

    def take(self, size: int) -> bytes | None:
        """As `read`, through the intake where there is one."""
        return self.saw(self.intake.take(self.fd, size)) if self.intake else self.read(size)

    def saw(self, data: bytes | None) -> bytes | None:
        """Remember the last lines of what came out of the pipe; it is given back."""
        if data:
            self.tail.saw(data)
        return data

    def hoard(self, now: int) -> int | None:
        """Take what the pipe holds into memory, or drop it; how many bytes, None at the end of the file."""
        data = self.read(CHUNK)
        if data:
            dropped = self.backlog.add(data, now)
            self.dropped += dropped
            self.sink.dropped += dropped
        return None if data is None else len(data)

    def abandon(self) -> Dropped:
        """Throw away what is not written; returns how much that is."""
        lost = self.backlog.abandon()
        if self.out:
            lost += Dropped(bytes(self.out).count(b"\n"), len(self.out))
            self.out = memoryview(b"")
        return lost

    def widen(self) -> None:
        """This pipe fills up faster than we come: let it hold more. Refused at the user's limit: then it stays."""
        if not self.grown:
            self.grown = True
            self.capacity = max(SMALL, set_size(self.fd, LARGE))

    def close(self) -> None:
        """The end of the pipe's use."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def let_go(self) -> None:
        """Nothing of it is left to be written."""
        if self.intake:
            self.intake.close()
            self.intake = None
