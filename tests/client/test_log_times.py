import os
from pathlib import Path

import pytest

from mainstay.client.log_times import BrokenIndex, Times
from mainstay.model.log_file import INDEX_HEADER, RECORD


def index(folder: Path, *records: tuple[int, int]) -> Times:
    data = INDEX_HEADER + b"".join(RECORD.pack(offset, seconds * 10**9) for offset, seconds in records)
    (folder / "a.log.times").write_bytes(data)
    times = Times.of(str(folder / "a.log"))
    assert times is not None
    return times


def test_offsets_and_times_are_found_in_a_long_index(tmp_path: Path) -> None:
    times = index(tmp_path, *((n * 10, 1000 + n) for n in range(5000)))

    assert [times.offset_since(t) for t in (0, 1000, 1000.5, 4321, 5999, 6000)] == [0, 0, 10, 33210, 49990, None]
    assert [times.place(offset) for offset in (0, 9, 10, 25_005, 10**9)] == [0, 0, 1, 2500, 4999]
    assert times.time(times.advance(times.place(100), 30_001)) == 4000
    assert (len(times), times.begin()) == (5000, 1000)


def test_a_growing_index_is_seen(tmp_path: Path) -> None:
    times = index(tmp_path, (0, 1))
    place = times.place(0)
    with (tmp_path / "a.log.times").open("ab") as file:
        file.write(RECORD.pack(50, 2 * 10**9) + b"half a record")

    assert times.time(times.advance(place, 60)) == 2


def test_records_that_decrease_are_refused(tmp_path: Path) -> None:
    times = index(tmp_path, (0, 5), (10, 3), (5, 9))

    with pytest.raises(BrokenIndex):
        times.advance(0, 100)


def test_something_else_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "a.log.times").write_bytes(os.urandom(100))

    assert Times.of(str(tmp_path / "a.log")) is None
    assert Times.of(str(tmp_path / "nothing.log")) is None
