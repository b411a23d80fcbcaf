import gzip
import os
import time
from pathlib import Path

from mainstay.client.logs import Stream, history
from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.sink import Sink
from mainstay.model.spec import LogPolicy


def stream(path: Path, stream: str = "out") -> Stream:
    return Stream("web", "web-0", 0, stream, str(path))


def write(path: Path, *entries: tuple[float, bytes], policy: LogPolicy | None = None) -> None:
    """Write as capture does, each entry at its time."""
    sink = Sink(str(path), policy or LogPolicy(), Disk())
    for seconds, data in entries:
        sink.prepare(int(seconds * 1e9))
        view = memoryview(data)
        while view:
            view = view[sink.write(view) :]
    sink.close()


def texts(path: Path, lines: int | None = None, since: float | None = None) -> list[str]:
    return [line.text for line in history([stream(path)], lines, since)]


def test_lines_of_all_streams_come_in_the_order_of_time(tmp_path: Path) -> None:
    out, err = tmp_path / "out.log", tmp_path / "err.log"
    write(out, (1000, b"one\n"), (1002, b"three\n"))
    write(err, (1001, b"two\n"), (1003, b"four\n"))

    found = history([stream(out), stream(err, "err")])

    assert [(line.time, line.text, line.stream.stream) for line in found] == [
        (1000, "one", "out"),
        (1001, "two", "err"),
        (1002, "three", "out"),
        (1003, "four", "err"),
    ]
    assert [line.text for line in history([stream(out), stream(err)], lines=2)] == ["three", "four"]


def test_the_last_lines_of_a_huge_file_are_found_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_bytes(b"first\n")
    with path.open("r+b") as file:
        file.truncate(200 * 1024**3)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast but one\nlast\n")

    assert texts(path, 2) == ["last but one", "last"]


def test_lines_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    long = [letter * 700_000 for letter in "abc"]
    path.write_text("\n".join(long) + "\n")

    assert texts(path, 2) == long[1:]
    assert texts(path) == long


def test_rotated_and_compressed_files_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    write(path, *((1000 + n, b"line %d\n" % n) for n in range(100)), policy=LogPolicy(rotate=100, keep=50))
    for number in (3, 4, 5, 6, 7):
        plain = tmp_path / f"web.log.{number}"
        Path(f"{plain}.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()

    assert texts(path) == [f"line {n}" for n in range(100)]
    assert texts(path, 40) == [f"line {n}" for n in range(60, 100)]
    assert [line.time for line in history([stream(path)])] == [1000 + n for n in range(100)]
    for since in range(1001, 1100, 7):
        assert texts(path, since=since) == [f"line {n}" for n in range(since - 1000, 100)]
    assert texts(path, lines=3, since=1050) == ["line 97", "line 98", "line 99"]
    assert texts(path, since=5000) == []


def test_a_chunk_that_begins_inside_a_line_leaves_the_line_its_first_time(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    write(path, (1000, b"begun at once, "), (1005, b"ended later\nnext\n"))

    assert [(line.time, line.text) for line in history([stream(path)])] == [
        (1000, "begun at once, ended later"),
        (1005, "next"),
    ]
    assert texts(path, since=1001) == ["next"]


def test_without_an_index_the_time_of_the_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("a\nb\n")
    os.utime(path, (2000, 2000))

    assert [line.time for line in history([stream(path)])] == [2000, 2000]
    assert (texts(path, since=1999), texts(path, since=2001)) == (["a", "b"], [])


def test_garbage_in_the_index_costs_times_and_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    write(path, *((1000 + n, b"%d\n" % n) for n in range(1000)))
    index = tmp_path / "web.log.times"
    data = bytearray(index.read_bytes())
    data[1600:3200] = os.urandom(1600)
    for garbage in (bytes(data), os.urandom(5000), data[:16], data[:23], b""):
        index.write_bytes(garbage)

        assert texts(path) == [str(n) for n in range(1000)]
        assert texts(path, 3) == ["997", "998", "999"]


def test_a_line_that_is_just_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("whole\nhal")
    fresh = texts(path)
    os.utime(path, (time.time() - 5,) * 2)

    assert (fresh, texts(path)) == (["whole"], ["whole", "hal"])


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert texts(tmp_path / "nowhere" / "web.log", 10) == []


def test_bytes_that_are_no_text_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_bytes(b"caf\xc3\xa9 \xff\n")

    assert texts(path) == ["café \\xff"]


def test_streams_with_one_file_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("a\nb\n")

    assert len(history([stream(path), stream(path)])) == 2
