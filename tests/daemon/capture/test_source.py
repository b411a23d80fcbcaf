import os
from pathlib import Path

from mainstay.daemon.capture.backlog import Budget, Dropped
from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.sink import Sink
from mainstay.daemon.capture.source import SMALL, SinkSpec, Source
from mainstay.daemon.capture.tail import Tails
from mainstay.model.spec import LogPolicy
from mainstay.sys.pipes import output_pipe


def source_of(folder: Path, fd: int, limit: int = 1000) -> Source:
    spec = SinkSpec(str(folder / "a.log"), "out", "web", 0, LogPolicy())
    return Source("a", fd, spec, Sink(spec.path, spec.policy, Disk()), (Budget(limit), Tails()))


def test_what_is_hoarded_is_behind_and_remembered(tmp_path: Path) -> None:
    read_fd, write_fd = output_pipe()
    source = source_of(tmp_path, read_fd)
    os.write(write_fd, b"one\ntwo\n")

    assert (source.hoard(1), source.hoard(1), source.behind()) == (8, 0, True)
    assert source.tail.lines(5, 100) == ("one", "two")
    assert (source.abandon(), source.behind()) == (Dropped(2, 8), False)
    source.close()
    os.close(write_fd)


def test_what_is_dropped_is_counted_for_the_source_and_its_file(tmp_path: Path) -> None:
    read_fd, write_fd = output_pipe()
    source = source_of(tmp_path, read_fd, limit=5)
    os.write(write_fd, b"one\ntwo\n")
    source.hoard(1)

    assert source.dropped == source.sink.dropped == Dropped(1, 4)
    source.close()
    os.close(write_fd)


def test_the_end_of_a_pipe_is_not_the_same_as_nothing(tmp_path: Path) -> None:
    read_fd, write_fd = output_pipe()
    source = source_of(tmp_path, read_fd)

    assert source.read(10) == b""
    os.close(write_fd)
    assert source.read(10) is None
    source.close()
    source.close()


def test_a_busy_pipe_is_widened_once(tmp_path: Path) -> None:
    read_fd, write_fd = output_pipe()
    source = source_of(tmp_path, read_fd)
    source.widen()
    source.widen()

    assert source.capacity >= SMALL
    source.close()
    os.close(write_fd)
