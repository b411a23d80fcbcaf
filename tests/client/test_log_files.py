import gzip
from pathlib import Path

import pytest

from mainstay.client.log_files import BLOCK, LogFile, open_chain, open_current


def names(folder: Path) -> list[str]:
    return [
        file.plain.rsplit("/", 1)[1] + (" gz" if file.compressed else "") for file in open_chain(str(folder / "a.log"))
    ]


def test_the_files_of_a_log_come_oldest_first_and_plain_before_compressed(tmp_path: Path) -> None:
    for name in ("a.log", "a.log.1", "a.log.1.gz", "a.log.2.gz", "a.log.10.gz", "a.log.times", "a.log.gz.tmp", "b.log"):
        (tmp_path / name).write_bytes(gzip.compress(b"x\n"))

    assert names(tmp_path) == ["a.log.10 gz", "a.log.2 gz", "a.log.1", "a.log"]
    (tmp_path / "a.log").unlink()
    assert open_current(str(tmp_path / "a.log")) is None
    assert names(tmp_path)[-1] == "a.log.1"


@pytest.mark.parametrize("compressed", [False, True])
def test_lines_are_found_from_any_offset(tmp_path: Path, compressed: bool) -> None:
    lines = [b"a", b"", b"b" * (BLOCK - 3), b"ccc", b"d" * BLOCK * 2, b"last"]
    data = b"\n".join(lines)
    path = tmp_path / ("a.log.1.gz" if compressed else "a.log.1")
    path.write_bytes(gzip.compress(data) if compressed else data)
    file = LogFile(str(path), str(tmp_path / "a.log.1"))
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    everything = list(zip(starts, lines, strict=True))

    for number, start in enumerate(starts):
        assert list(file.spans(start, len(data))) == everything[number:]
        assert file.last_spans(len(lines) - number, 0, len(data)) == everything[number:]
        if lines[number]:
            assert list(file.spans(start + 1, len(data))) == everything[number + 1 :]


def test_a_damaged_file_ends_early(tmp_path: Path) -> None:
    packed = gzip.compress(b"line\n" * 100_000)
    (tmp_path / "a.log.1.gz").write_bytes(packed[: len(packed) // 2])
    file = open_chain(str(tmp_path / "a.log"))[0]

    assert 0 < len(list(file.spans(0, 2**62))) < 100_000


def test_an_opened_file_outlives_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"kept\n")
    file = open_chain(str(tmp_path / "a.log"))[0]
    (tmp_path / "a.log").unlink()

    assert list(file.spans(0, 100)) == [(0, b"kept")]
