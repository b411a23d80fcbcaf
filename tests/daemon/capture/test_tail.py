import os
from pathlib import Path

from mainstay.daemon.capture.tail import KEPT, Tail, Tails


def test_places_in_a_file_and_bytes_make_one_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\nother\ntwo\n")
    fd = os.open(tmp_path / "log", os.O_RDONLY)
    tail = Tail(Tails())
    tail.wrote(fd, 0, 4)
    tail.wrote(fd, 10, 4)
    tail.saw(b"thr")
    tail.saw(b"ee\n")
    before = tail.lines(10, KEPT)
    tail.settle()
    os.close(fd)

    assert before == tail.lines(10, KEPT) == ("one", "two", "three")
    assert tail.lines(1, KEPT) == ("three",)


def test_only_the_end_is_kept_and_a_cut_line_is_left_out() -> None:
    tail = Tail(Tails())
    for number in range(2000):
        tail.saw(b"line %05d\n" % number)

    lines = tail.lines(5000, KEPT)
    assert lines == tuple(f"line {n:05}" for n in range(2000 - len(lines), 2000))
    assert 600 < len(lines) <= KEPT // 11
    assert tail.lines(5000, 100) == lines[-9:]


def test_many_small_places_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x\ny\n" * 1000)
    fd = os.open(tmp_path / "log", os.O_RDONLY)
    tail = Tail(Tails())
    for number in range(1000):
        tail.wrote(fd, number * 4, 2)

    assert set(tail.lines(5000, KEPT)) == {"x"}
    assert len(tail.lines(5000, KEPT)) == 64
    os.close(fd)


def test_nothing_written_is_no_lines() -> None:
    assert Tail(Tails()).lines(10, KEPT) == ()


def test_control_characters_cannot_reach_a_terminal() -> None:
    tail = Tail(Tails())
    tail.saw("caf\u00e9\t\x1b]0;title\x07\u202e\r\n".encode() + b"\xff\n")

    assert tail.lines(2, KEPT) == ("caf\u00e9\t\\x1b]0;title\\x07\\u202e", "\\xff")
