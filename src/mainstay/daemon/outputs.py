"""The pipes of our processes' output, their names and their files: what `capture` is told."""

import os

from mainstay.daemon.capture import Capture, SinkSpec
from mainstay.model.ids import SlotId
from mainstay.model.spec import AppSpec
from mainstay.sys.pipes import output_pipe

STREAMS = ("out", "err")
LINES = 10
BARRIER = 0.5
"""Seconds to wait, at most, until what a dead process wrote can be read back."""


class Outputs:
    """Opens pipes for processes and remembers where their output goes."""

    def __init__(self, home: str, capture: Capture) -> None:
        self._folder = os.path.join(home, "logs")
        self._capture = capture

    @property
    def folder(self) -> str:
        """Where the files are that no app declares elsewhere."""
        return self._folder

    def path(self, spec: AppSpec, place: str, stream: str) -> str:
        """The file for `out` or `err` of a place (`web-0`, `web-template`)."""
        declared = spec.logs.out if stream == "out" else spec.logs.err
        return declared or os.path.join(self._folder, f"{place}.{stream}.log")

    def open(self, key: str, spec: AppSpec, place: str, index: int) -> tuple[int, int]:
        """The write ends of two pipes that are captured under `key`; the caller closes them. Raises OSError."""
        ends: list[int] = []
        for stream in STREAMS:
            try:
                reader, writer = output_pipe()
            except OSError:
                for fd in ends:
                    os.close(fd)
                raise
            ends.append(writer)
            sink = SinkSpec(self.path(spec, place, stream), stream, spec.name, index, spec.logs)
            self._capture.open(f"{key}.{stream}", reader, sink)
        return ends[0], ends[1]

    def finish(self, key: str) -> None:
        """The process is gone: write what is left and let its pipes go."""
        for stream in STREAMS:
            self._capture.finish(f"{key}.{stream}")

    def last_lines(self, key: str) -> tuple[str, ...]:
        """What a process wrote last: to its standard error, else to its standard output."""
        self._capture.barrier(BARRIER)
        return self._capture.tail(f"{key}.err", LINES) or self._capture.tail(f"{key}.out", LINES)

    def forget(self, key: str) -> None:
        """Its last lines are needed no more."""
        for stream in STREAMS:
            self._capture.forget(f"{key}.{stream}")

    def dropped(self, spec: AppSpec, slot: SlotId) -> dict[str, int]:
        """Lines of a slot that could not be kept, by stream."""
        return {s: self._capture.dropped(self.path(spec, str(slot), s)).lines for s in STREAMS}

    def set_policy(self, spec: AppSpec, place: str) -> None:
        """The log options changed."""
        for stream in STREAMS:
            self._capture.set_policy(self.path(spec, place, stream), spec.logs)
