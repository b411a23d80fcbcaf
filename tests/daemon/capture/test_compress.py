import gzip
import select
from pathlib import Path

from mainstay.daemon.capture import names
from mainstay.daemon.capture.compress import Compressor


def finished(compressor: Compressor) -> None:
    assert select.select([compressor.watched], [], [], 60)[0]
    compressor.finish()


def test_a_file_is_replaced_by_its_compressed_form_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").write_bytes(b"hello\n" * 100_000)
    modified = (tmp_path / "a.log.1").stat().st_mtime_ns
    compressor = Compressor()
    compressor.want(str(tmp_path / "a.log"), [str(tmp_path / "a.log.1")])

    assert compressor.start()
    finished(compressor)
    assert [file.name for file in tmp_path.iterdir()] == ["a.log.1.gz"]
    assert gzip.decompress((tmp_path / "a.log.1.gz").read_bytes()) == b"hello\n" * 100_000
    assert (tmp_path / "a.log.1.gz").stat().st_mtime_ns == modified
    assert (tmp_path / "a.log.1.gz").stat().st_mode & 0o777 == 0o600
    assert not compressor.start()


def test_a_file_that_is_rotated_meanwhile_keeps_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").write_bytes(b"one\n")
    (tmp_path / "a.log").write_bytes(b"two\n")
    compressor = Compressor()
    compressor.want(str(tmp_path / "a.log"), [str(tmp_path / "a.log.1")])
    compressor.start()
    names.shift(str(tmp_path / "a.log"), 5)
    finished(compressor)

    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.log.1", "a.log.2.gz"]
    assert gzip.decompress((tmp_path / "a.log.2.gz").read_bytes()) == b"one\n"


def test_a_file_that_is_dropped_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").write_bytes(b"x" * 10_000_000)
    compressor = Compressor()
    compressor.want(str(tmp_path / "a.log"), [str(tmp_path / "a.log.1")])
    compressor.start()
    (tmp_path / "a.log.1").unlink()
    finished(compressor)

    assert list(tmp_path.iterdir()) == []


def test_closing_ends_the_child_and_leaves_the_plain_file(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").write_bytes(b"x" * 50_000_000)
    compressor = Compressor()
    compressor.want(str(tmp_path / "a.log"), [str(tmp_path / "a.log.1"), str(tmp_path / "gone")])
    compressor.start()
    compressor.close()

    assert [file.name for file in tmp_path.iterdir()] == ["a.log.1"]
    assert not compressor.start()


def test_a_file_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    compressor = Compressor()
    compressor.want(str(tmp_path / "a.log"), [str(tmp_path / "a.log.1")])

    assert not compressor.start()
