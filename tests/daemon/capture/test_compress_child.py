import gzip
import os
from pathlib import Path

from mainstay.daemon.capture.compress_child import compress


def test_the_result_is_what_gzip_makes(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(os.urandom(1_000_000) + b"\n" * 1_000_000)
    source = os.open(tmp_path / "plain", os.O_RDONLY)
    target = os.open(tmp_path / "packed", os.O_WRONLY | os.O_CREAT)

    assert compress(source, target)
    assert gzip.decompress((tmp_path / "packed").read_bytes()) == (tmp_path / "plain").read_bytes()
    os.close(source)
    os.close(target)


def test_a_deleted_file_is_not_worth_the_work(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    source = os.open(tmp_path / "plain", os.O_RDONLY)
    (tmp_path / "plain").unlink()

    assert not compress(source, 1)
    os.close(source)
