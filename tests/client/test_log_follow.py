import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mainstay.client.log_follow import Follower, Following, follow
from mainstay.client.logs import Line, Mark, Place, Stream, history
from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.sink import Sink
from mainstay.model.spec import LogPolicy
from tests.daemon.capture.apps import NUMBERED, bench
from tests.waiting import until


class Reader:
    """Follows in a thread and keeps what it saw."""

    def __init__(self, streams: list[Stream], start: Mark | None) -> None:
        self.lines: list[Line] = []
        self.rounds = 0
        self._stop = False
        self._source: Iterator[list[Line]] = follow(lambda: list(streams), start)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop:
            self.lines += next(self._source)
            self.rounds += 1

    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    def stop(self) -> None:
        self._stop = True
        self._thread.join(30)


def stream(path: Path, index: int = 0) -> Stream:
    return Stream("web", f"web-{index}", index, "out", str(path))


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def numbered(texts: list[str]) -> list[int]:
    return [int(text.split()[1]) for text in texts]


def test_history_and_following_together_show_each_line_once_across_rotation_and_compression(tmp_path: Path) -> None:
    path = tmp_path / "web-0.out.log"
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=500_000, keep=100))
        child = b.run("a", NUMBERED, "0", "60000", "a")
        until(lambda: path.exists() and path.stat().st_size)
        past = history([stream(path)])
        reader = Reader([stream(path)], past.end)
        assert child.wait(60) == 0
        b.finish("a")
        until(lambda: reader.texts() and numbered(reader.texts()[-1:]) == [59_999])
        reader.stop()

        assert numbered([line.text for line in past] + reader.texts()) == list(range(60_000))
        ages = [abs(line.time - time.time()) for line in reader.lines]
        assert max(ages) < 120


def test_a_slow_reader_finds_files_that_were_rotated_and_compressed_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "web-0.out.log"
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=100_000, keep=100))
        assert b.run("a", NUMBERED, "0", "1000", "a").wait(60) == 0
        assert b.capture.barrier(60)
        past = history([stream(path)])
        assert b.run("a", NUMBERED, "1000", "20000", "a").wait(60) == 0
        b.finish("a")
        until(lambda: sum(name.endswith(".gz") for name in b.names()) == len(b.names()) - 1)
        reader = Reader([stream(path)], past.end)
        until(lambda: reader.texts() and numbered(reader.texts()[-1:]) == [20_999])
        reader.stop()

        assert numbered([line.text for line in past] + reader.texts()) == list(range(21_000))


def test_a_line_is_held_back_until_its_end_or_for_a_second(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("first ")
    follower = Follower(stream(path), Place(None, 0))

    assert follower.look() == []
    append(path, "line\nprompt> ")
    assert [line.text for line in follower.look()] == ["first line"]
    assert [line.text for line in until(follower.look)] == ["prompt> "]
    append(path, "answer\n")
    assert [line.text for line in follower.look()] == ["answer"]


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("a long first line\n")
    reader = Reader([stream(path)], history([stream(path)]).end)
    append(path, "seen\n")
    until(lambda: reader.texts() == ["seen"])
    os.truncate(path, 0)
    append(path, "new\n")
    until(lambda: reader.texts() == ["seen", "new"])
    reader.stop()


def test_a_deleted_file_is_followed_in_its_new_form(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    reader = Reader([stream(path)], history([stream(path)]).end)
    append(path, "made\n")
    until(lambda: reader.texts() == ["made"])
    path.unlink()
    append(path, "again\n")
    until(lambda: reader.texts() == ["made", "again"])
    reader.stop()


def test_of_a_stream_that_appears_only_what_is_new_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    sink = Sink(str(path), LogPolicy(), Disk())
    for seconds, text in ((1000.0, b"old\n"), (time.time() + 100, b"new\n")):
        sink.prepare(int(seconds * 1e9))
        sink.write(memoryview(text))
    sink.close()
    streams = [stream(tmp_path / "0.log")]
    reader = Reader(streams, None)
    until(lambda: reader.rounds)
    streams.append(stream(path, 1))
    until(lambda: reader.texts() == ["new"])
    append(path, "after\n")
    until(lambda: reader.texts() == ["new", "after"])
    reader.stop()


def test_nothing_old_is_shown_when_following_starts_now(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("old\n")
    reader = Reader([stream(path)], None)
    until(lambda: reader.rounds)
    append(path, "new\n")
    until(lambda: reader.lines)
    reader.stop()

    assert reader.texts() == ["new"]


def test_the_rest_of_a_line_is_there_for_who_stops_looking(tmp_path: Path) -> None:
    path = tmp_path / "web-0.out.log"
    following = Following(lambda: [stream(path)])
    following.look()
    append(path, "whole\nhalf")

    seen = [line.text for line in following.look()], [line.text for line in following.rest()]

    assert seen == (["whole"], ["half"])
