import os
import threading
from collections.abc import Iterator

import pytest

from mainstay.cli.outlet import Outlet
from tests.waiting import until


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:
            continue
    until(lambda: not any(thread.name.startswith("outlet") for thread in threading.enumerate()))


def test_what_is_written_comes_out(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1])
    outlet.write("one\n")
    outlet.write("zwei ü\n")
    outlet.finish(10)

    assert os.read(pipe[0], 100).decode() == "one\nzwei ü\n"
    assert outlet.dropped == 0


def test_a_reader_that_reads_nothing_holds_nobody_up_and_what_is_lost_is_counted(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1], room=1000, patience=0.05)
    line = "x" * 99 + "\n"
    for _ in range(2000):
        outlet.write(line)
    outlet.finish(1)
    os.set_blocking(pipe[0], False)
    kept = 0
    while data := _read(pipe[0]):
        kept += data.count(b"\n")

    assert outlet.dropped > 1000
    assert 1990 <= outlet.dropped + kept <= 2010


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""


def test_a_slow_reader_that_goes_on_gets_every_line(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1], room=10_000, patience=10)
    seen = bytearray()

    def read() -> None:
        while data := os.read(pipe[0], 512):
            seen.extend(data)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    for number in range(5000):
        outlet.write(f"line {number}\n")
    outlet.finish(30)
    os.close(pipe[1])
    thread.join(30)

    assert outlet.dropped == 0
    assert seen.decode().splitlines() == [f"line {number}" for number in range(5000)]


def test_a_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1])
    os.close(pipe[0])
    outlet.write("one\n")
    until(lambda: outlet.dropped == 1)
    outlet.write("two\n")
    outlet.finish(10)

    assert outlet.dropped == 2


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    outlet = Outlet(pipe[1], patience=30)
    outlet.write("x" * 200_000 + "\n")
    seen = 0
    while seen < 200_001:
        seen += len(os.read(pipe[0], 65536))
    outlet.finish(10)

    assert (seen, outlet.dropped) == (200_001, 0)


def test_it_is_a_terminal_where_its_descriptor_is(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1])

    assert (outlet.isatty(), outlet.fileno()) == (False, pipe[1])
    outlet.finish(10)
