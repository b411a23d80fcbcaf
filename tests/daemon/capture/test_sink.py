import os
from pathlib import Path

import pytest

from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.sink import LONGEST_LINE, Sink
from mainstay.model.spec import LogPolicy

NOW = 1_790_000_000_000_000_000


def made(path: Path, rotate: int = 100, keep: int = 50) -> Sink:
    return Sink(str(path), LogPolicy(rotate=rotate, keep=keep), Disk())


def write(sink: Sink, data: bytes) -> None:
    sink.prepare(NOW)
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]


def test_one_big_chunk_is_rotated_between_its_lines(tmp_path: Path) -> None:
    sink = made(tmp_path / "a.log")
    write(sink, b"".join(b"line %02d\n" % n for n in range(50)))
    sink.close()

    sizes = [(tmp_path / f"a.log{n}").stat().st_size for n in (".4", ".3", ".2", ".1", "")]
    assert sizes == [96, 96, 96, 96, 16]


def test_a_line_longer_than_the_limit_is_kept_whole(tmp_path: Path) -> None:
    sink = made(tmp_path / "a.log")
    write(sink, b"short\n" + b"x" * 500 + b"\nnext\n")
    sink.close()

    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 500 + b"\n"
    assert (tmp_path / "a.log").read_bytes() == b"next\n"


def test_a_line_without_end_is_split_at_last(tmp_path: Path) -> None:
    sink = made(tmp_path / "a.log")
    for _ in range(3):
        write(sink, b"x" * LONGEST_LINE)
    sink.close()

    sizes = [(tmp_path / name).stat().st_size for name in ("a.log.1", "a.log")]
    assert sizes == [2 * LONGEST_LINE, LONGEST_LINE]


def test_a_file_that_is_too_large_at_the_start_is_rotated_first(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"o" * 200 + b"\n")
    sink = made(tmp_path / "a.log")
    write(sink, b"new\n")
    sink.close()

    assert (tmp_path / "a.log").read_bytes() == b"new\n"
    assert (tmp_path / "a.log.1").stat().st_size == 201


def test_what_somebody_else_wrote_is_not_overwritten(tmp_path: Path) -> None:
    sink = made(tmp_path / "a.log")
    write(sink, b"ours\n")
    with (tmp_path / "a.log").open("ab") as file:
        file.write(b"theirs")
    write(sink, b"\nours\n")

    assert (tmp_path / "a.log").read_bytes() == b"ours\ntheirs\nours\n"
    assert sink.whole
    sink.close()


def test_a_device_is_written_to_and_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    sink = made(tmp_path / "fifo")
    write(sink, b"x" * 150 + b"\n")
    write(sink, b"end\n")

    assert os.read(reader, 1000) == b"x" * 150 + b"\nend\n"
    assert [file.name for file in tmp_path.iterdir()] == ["fifo"]
    sink.close()
    os.close(reader)


def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        made(tmp_path).prepare(NOW)
