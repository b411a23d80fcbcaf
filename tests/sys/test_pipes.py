import os
import signal
import socket

import pytest

from mainstay.sys import pipes
from tests.sys.children import sleeper


def close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)


def test_a_writer_survives_its_reader() -> None:
    read_fd, write_fd = pipes.output_pipe()
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.close(read_fd)

        assert os.write(write_fd, b"still here") == 10
    finally:
        signal.signal(signal.SIGPIPE, before)
        os.close(write_fd)


def test_only_the_read_end_is_non_blocking_and_neither_is_inherited() -> None:
    read_fd, write_fd = pipes.output_pipe()

    assert (os.get_blocking(read_fd), os.get_blocking(write_fd)) == (False, True)
    assert not os.get_inheritable(read_fd)
    assert not os.get_inheritable(write_fd)
    close(read_fd, write_fd)


def test_an_empty_pipe_without_writers_elsewhere_says_try_again() -> None:
    read_fd, write_fd = pipes.output_pipe()

    with pytest.raises(BlockingIOError):
        os.read(read_fd, 10)
    close(read_fd, write_fd)


def test_what_waits_in_a_pipe_is_counted_and_found_by_who_opens_it_again() -> None:
    read_fd, write_fd = pipes.output_pipe()
    os.write(write_fd, b"kept")
    os.close(read_fd)
    again = pipes.reopen(os.getpid(), write_fd)

    assert again is not None
    assert pipes.pending(again) == 4
    assert os.read(again, 10) == b"kept"
    assert pipes.pending(again) == 0
    assert not os.get_blocking(again)
    close(again, write_fd)


def test_what_is_not_a_pipe_is_not_opened_again() -> None:
    with open("/dev/null", "rb") as null:
        assert pipes.reopen(os.getpid(), null.fileno()) is None
    with socket.socket() as sock:
        assert pipes.reopen(os.getpid(), sock.fileno()) is None
    with sleeper() as gone:
        pass
    assert pipes.reopen(gone.pid, 1) is None


def test_the_size_can_be_set_as_far_as_the_kernel_lets() -> None:
    read_fd, write_fd = pipes.output_pipe()

    assert pipes.set_size(write_fd, 8192) == 8192
    os.write(write_fd, b"x" * 8192)
    assert pipes.set_size(write_fd, 4096) == 8192
    close(read_fd, write_fd)


def test_what_a_pipe_holds_is_moved_without_waiting() -> None:
    read_fd, write_fd = pipes.output_pipe()
    target = os.memfd_create("target")

    assert pipes.splice_now(read_fd, target, 100, 3) == 0
    os.write(write_fd, b"abc")
    assert pipes.splice_now(read_fd, target, 2, 3) == 2
    assert os.pread(target, 10, 0) == b"\0\0\0ab"
    os.close(write_fd)
    assert pipes.splice_now(read_fd, target, 100, 5) == 1
    assert pipes.splice_now(read_fd, target, 100, 6) is None
    close(read_fd, target)
