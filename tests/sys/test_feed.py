import os
import subprocess

import pytest

from mainstay.sys.feed import filled


@pytest.mark.parametrize("data", [b"", b"hello\n", bytes(1_000_000)], ids=["nothing", "a line", "a megabyte"])
def test_a_program_reads_all_of_it_and_then_the_end(data: bytes) -> None:
    fd = filled(data)
    try:
        assert subprocess.run(["cat"], stdin=fd, capture_output=True).stdout == data
    finally:
        os.close(fd)


def test_no_other_program_inherits_it() -> None:
    fd = filled(b"secret")

    assert not os.get_inheritable(fd)
    os.close(fd)


def test_without_memory_files_a_pipe_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    fd = filled(b"hello")

    assert (os.read(fd, 100), os.read(fd, 100)) == (b"hello", b"")
    os.close(fd)
