"""The pipes of our processes' output, their names and their files: what `capture` is told."""

import os

from mainstay.daemon.capture import Capture, SinkSpec, make_intake
from mainstay.daemon.privileges import give
from mainstay.model.ids import SlotId
from mainstay.model.spec import AppSpec, LogFormat
from mainstay.sys.fdstore import FdStore
from mainstay.sys.pipes import output_pipe, reopen

STREAMS = ("out", "err")
TEMPLATE = "template"
"""Where the output of an app's template goes, beside its slots."""
LINES = 10
BARRIER = 0.5
"""Seconds to wait, at most, until what a dead process wrote can be read back."""


class Outputs:
    """Opens pipes for processes and remembers where their output goes."""

    def __init__(self, home: str, capture: Capture, store: FdStore) -> None:
        self._folder = os.path.join(home, "logs")
        self._capture = capture
        self._store = store

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
        pipes: list[tuple[int, int]] = []
        try:
            for _ in STREAMS:
                pipes.append(output_pipe())
            for _, writer in pipes:
                give(spec.privileges, writer)
            readers = [reader for reader, _ in pipes]
            intakes = _intakes(spec)
            self._store.put(_kept(key), (*readers, *intakes))
        except OSError:
            for fd in (fd for pipe in pipes for fd in pipe):
                os.close(fd)
            raise
        self._read(key, spec, place, index, (readers, intakes))
        return pipes[0][1], pipes[1][1]

    def adopt(self, key: str, spec: AppSpec, place: str, index: int, pid: int) -> None:
        """Go on reading where a daemon that is gone has stopped; nothing happens where no pipe is to be had."""
        kept = list(self._store.take(_kept(key)))
        readers, intakes = kept[: len(STREAMS)], kept[len(STREAMS) :]
        if not readers and pid:
            readers = [fd for number in (1, 2) if (fd := _reopened(pid, number)) is not None]
            if len(readers) == len(STREAMS):
                intakes = _intakes(spec)
                self._store.put(_kept(key), (*readers, *intakes))
        if len(readers) == len(STREAMS):
            self._read(key, spec, place, index, (readers, intakes))

    def _read(self, key: str, spec: AppSpec, place: str, index: int, ends: tuple[list[int], list[int]]) -> None:
        readers, intakes = ends
        for stream, reader, intake in zip(STREAMS, readers, intakes or [-1] * len(STREAMS), strict=True):
            sink = SinkSpec(self.path(spec, place, stream), stream, spec.name, index, spec.logs)
            self._capture.open(f"{key}.{stream}", reader, sink, intake)

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
        self._store.drop((_kept(key),))
        for stream in STREAMS:
            self._capture.forget(f"{key}.{stream}")

    def dropped(self, spec: AppSpec, slot: SlotId) -> dict[str, int]:
        """Lines of a slot that could not be kept, by stream."""
        return {s: self._capture.dropped(self.path(spec, str(slot), s)).lines for s in STREAMS}

    def adjust(self, spec: AppSpec, slots: frozenset[int]) -> None:
        """The log options changed: they hold for the next line of each of an app's files."""
        for place in (*(str(SlotId(spec.name, index)) for index in slots), f"{spec.name}-{TEMPLATE}"):
            for stream in STREAMS:
                self._capture.set_policy(self.path(spec, place, stream), spec.logs)


def _intakes(spec: AppSpec) -> list[int]:
    """One for each stream, when its file does not hold just what the app wrote; else, or without any, none."""
    if spec.logs.format is LogFormat.RAW:
        return []
    made = [make_intake() for _ in STREAMS]
    return made if min(made) >= 0 else []


def _kept(key: str) -> str:
    """The name under which the ends that we read are kept."""
    return f"out {key}"


def _reopened(pid: int, number: int) -> int | None:
    try:
        return reopen(pid, number)
    except OSError:  # another user's
        return None
