from pathlib import Path

from mainstay.daemon.capture.times import ALLOWANCE, TimeIndex
from mainstay.model.log_file import INDEX_HEADER, RECORD

SECOND = 1_000_000_000


def records(folder: Path) -> list[tuple[int, int]]:
    data = (folder / "a.log.times").read_bytes()
    assert data.startswith(INDEX_HEADER)
    return list(RECORD.iter_unpack(data[len(INDEX_HEADER) :]))


def index(folder: Path, size: int = 0) -> TimeIndex:
    return TimeIndex(str(folder / "a.log"), size)


def test_chunks_near_in_time_share_a_record(tmp_path: Path) -> None:
    times = index(tmp_path)
    for offset, ms in ((0, 0), (10, 2), (20, 4), (30, 6), (40, 20)):
        times.note(offset, SECOND + ms * 1_000_000)
    times.close()

    assert records(tmp_path) == [(0, SECOND), (30, SECOND + 6_000_000), (40, SECOND + 20_000_000)]


def test_a_clock_that_is_set_back_leaves_times_in_order(tmp_path: Path) -> None:
    times = index(tmp_path)
    for offset, seconds in ((0, 100), (10, 50), (20, 99), (30, 101)):
        times.note(offset, seconds * SECOND)
    times.close()

    assert records(tmp_path) == [(0, 100 * SECOND), (30, 101 * SECOND)]


def test_it_stays_small_beside_tiny_lines(tmp_path: Path) -> None:
    times = index(tmp_path)
    for number in range(10_000):
        times.note(number * 2, number * SECOND)
    times.close()

    assert (tmp_path / "a.log.times").stat().st_size < ALLOWANCE + 20_000 // 4 + 32


def test_it_goes_on_where_it_ended_even_after_half_a_record(tmp_path: Path) -> None:
    first = index(tmp_path)
    first.note(0, SECOND)
    first.close()
    with (tmp_path / "a.log.times").open("ab") as file:
        file.write(b"torn")
    second = index(tmp_path, 50)
    second.note(50, 2 * SECOND)
    second.close()

    assert records(tmp_path) == [(0, SECOND), (50, 2 * SECOND)]


def test_what_belongs_to_a_longer_log_or_is_garbage_is_thrown_away(tmp_path: Path) -> None:
    first = index(tmp_path)
    first.note(0, SECOND)
    first.note(500, 2 * SECOND)
    first.close()
    index(tmp_path, 100).close()
    truncated = records(tmp_path)
    (tmp_path / "a.log.times").write_bytes(b"garbage, and more than a header of it")
    index(tmp_path, 100).close()

    assert truncated == records(tmp_path) == []


def test_a_place_where_nothing_can_be_written_is_put_up_with(tmp_path: Path) -> None:
    times = TimeIndex(str(tmp_path / "nowhere" / "a.log"), 0)
    times.note(0, SECOND)
    times.reset()
    times.close()

    assert list(tmp_path.iterdir()) == []
