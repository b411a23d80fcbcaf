import os
from pathlib import Path

from mainstay.daemon.capture.disk import Disk


def test_bytes_land_at_their_offset(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    read_fd, write_fd = os.pipe()
    os.write(write_fd, b"abcdef")

    moved = Disk().splice(read_fd, fd, 4, 3)
    written = Disk().write(fd, memoryview(b"xyz"), 0)

    assert (moved, written, os.pread(fd, 100, 0)) == (4, 3, b"xyzabcd")
    assert Disk().write(write_fd, memoryview(b"!"), None) == 1
    assert os.read(read_fd, 10) == b"ef!"
    for opened in (fd, read_fd, write_fd):
        os.close(opened)
