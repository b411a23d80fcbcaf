"""The writer: real pipes, files and processes."""

import fcntl
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.web.accesslog import writer as module
from mainstay.web.accesslog.writer import Writer
from tests.waiting import until
from tests.web.accesslog.programs import Program

FULL = "/dev/full"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends, the reading one first."""
    reader, end = os.pipe()
    yield reader, end
    os.close(reader)
    os.close(end)


def read_all(reader: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += os.read(reader, size - len(data))
    return data


def fill(end: int) -> int:
    """Put in as many bytes as a pipe takes."""
    os.set_blocking(end, False)
    size = 0
    while True:
        try:
            size += os.write(end, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(end, True)
            return size


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_lines_come_out_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = Writer(path)
    expected = [f"{number} ü \udce9 {'x' * (number % 700)}" for number in range(5000)]
    for line in expected:
        writer.write(line)

    assert writer.flush()
    assert path.read_text().splitlines() == [line.replace("\udce9", "\\udce9") for line in expected]


def test_a_line_is_written_without_anybody_asking(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = Writer(path)
    writer.write("one")
    until(lambda: text_of(path) == "one\n")
    writer.write("two")
    until(lambda: text_of(path) == "one\ntwo\n")


def test_lines_that_come_together_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    whole = os.write

    def counted(fd: int, data: bytes) -> int:
        writes.append(bytes(data))
        return whole(fd, data)

    writer = Writer(tmp_path / "log")
    writer._awake = True  # its thread sleeps
    for number in range(100):
        writer.write(str(number))
    monkeypatch.setattr(os, "write", counted)
    writer.flush()

    assert writes == ["".join(f"{number}\n" for number in range(100)).encode()]


def test_what_goes_into_a_pipe_in_one_piece_is_whole_lines(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[bytes] = []
    writer = Writer(pipe[1])
    writer._awake = True
    for number in range(3000):
        writer.write(f"{number} {'x' * (number % 90)}")

    def noted(_: int, data: bytes) -> int:
        writes.append(bytes(data))
        return len(data)

    monkeypatch.setattr(os, "write", noted)
    writer.flush()

    assert len(writes) > 1
    assert all(len(data) <= 4096 and data.endswith(b"\n") for data in writes)
    assert b"".join(writes).count(b"\n") == 3000


def test_a_pipe_that_somebody_made_non_blocking_loses_nothing(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    os.set_blocking(end, False)
    writer = Writer(end)
    expected = "".join(f"{number} {'x' * 100}\n" for number in range(20_000)).encode()
    for line in expected.decode().splitlines():
        writer.write(line)

    assert read_all(reader, len(expected)) == expected
    assert writer.dropped == 0


def test_a_line_longer_than_a_pipe_takes_at_once_comes_out_too(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    for blocking in (True, False):
        os.set_blocking(end, blocking)
        writer = Writer(end)
        writer.write("y" * 500_000)

        assert read_all(reader, 500_001) == b"y" * 500_000 + b"\n"


def test_while_a_pipe_takes_nothing_the_caller_goes_on_memory_is_bounded_and_drops_are_counted_and_told(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, end = pipe
    monkeypatch.setattr(module, "LIMIT", 100_000)
    filled = fill(end)
    writer = Writer(end)
    for number in range(10_000):  # each returns although nobody reads
        writer.write(f"{number:099d}")
    held = len(writer._lines) + len(writer._taken) + writer._rest.count(b"\n")

    assert held <= 2 * 100_000 / 100 + 2
    assert writer.dropped == 10_000 - held
    assert not writer.flush(0)
    assert read_all(reader, filled) == b"." * filled
    lines = read_all(reader, held * 100).decode().splitlines()
    assert lines == sorted(lines)
    assert len(set(lines)) == held
    assert writer.flush()
    assert [record.getMessage() for record in caplog.records] == [
        f"{10_000 - held} lines of the access log went missing: its target did not take them"
    ]
    writer.write("it goes on")
    assert read_all(reader, 11) == b"it goes on\n"


def test_threads_that_write_together_do_not_spoil_the_count_of_what_is_kept(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")

    def many() -> None:
        for number in range(20_000):
            writer.write(f"{number} {'x' * 50}")

    threads = [threading.Thread(target=many) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    writer.flush()
    written = len((tmp_path / "log").read_text().splitlines())

    assert written + writer.dropped == 80_000
    assert [thread.name for thread in threading.enumerate() if thread is writer._thread] == ["access-log"]
    writer.write("and one")
    writer.flush()
    assert text_of(tmp_path / "log").endswith("and one\n")


def test_a_wrong_count_of_what_is_kept_does_not_stop_the_log(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    writer._size = module.LIMIT * 10
    writer.write("one")
    writer.flush()

    assert text_of(tmp_path / "log") == "one\n"
    assert writer._size <= module.LIMIT


def test_a_pipe_that_nobody_reads_any_more_is_told_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    reader, end = os.pipe()
    os.close(reader)
    writer = Writer(end)
    for _ in range(3):
        writer.write("lost")
        writer.flush()
    os.close(end)

    assert writer.dropped == 3
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "cannot write the access log: Broken pipe"
    ]


def test_a_full_disk_is_told_once_and_the_log_goes_on_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log"
    assert os.path.exists(FULL), f"{FULL} is missing: mknod -m 666 {FULL} c 1 7"
    path.symlink_to(FULL)
    writer = Writer(path)
    for _ in range(5):
        writer._awake = True
        writer.write("lost")
        writer._empty(None)
    path.unlink()
    writer.reopen()
    writer.write("kept")
    writer.flush()

    assert text_of(path) == "kept\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot write the access log {path}: No space left on device",
        f"5 lines of the access log {path} went missing: its target did not take them",
    ]


def test_a_line_that_was_torn_by_a_full_disk_does_not_spoil_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, room = os.write, [7]

    def full(fd: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        room[0], size = 0, room[0]
        return whole(fd, data[:size])

    writer = Writer(tmp_path / "log")
    writer._awake = True
    writer.write("one")
    writer.write("another")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        writer.flush()
    writer.write("next")
    writer.flush()

    assert text_of(tmp_path / "log") == "one\nano\nnext\n"
    assert writer.dropped == 1


def test_a_folder_that_does_not_exist_is_told_and_the_log_begins_when_it_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(tmp_path / "later" / "log")
    writer.write("lost")
    writer.flush()
    (tmp_path / "later").mkdir()
    writer.write("kept")
    writer.flush()

    assert text_of(tmp_path / "later" / "log") == "kept\n"
    assert caplog.messages[0] == f"cannot write the access log {tmp_path}/later/log: No such file or directory"


def test_a_relative_path_is_of_where_the_process_was_when_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writer = Writer("log")
    monkeypatch.chdir("/")
    writer.write("here")
    writer.flush()

    assert text_of(tmp_path / "log") == "here\n"


def test_a_file_that_was_moved_is_followed_by_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RELOOK", 0.0)
    path, moved = tmp_path / "log", tmp_path / "log.1"
    writer = Writer(path)
    for text in ("one", "two"):
        writer.write(text)
        writer.flush()
    path.rename(moved)
    writer.write("three")
    writer.flush()

    assert (moved.read_text(), path.read_text()) == ("one\ntwo\n", "three\n")


def test_a_file_that_was_copied_and_emptied_goes_on_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = Writer(path)
    writer.write("one")
    writer.flush()
    os.truncate(path, 0)
    writer.write("two")
    writer.flush()

    assert path.read_bytes() == b"two\n"


def test_a_file_is_for_its_owner_alone_and_not_inherited(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = Writer(path)
    writer.write("one")
    writer.flush()

    assert path.stat().st_mode & 0o777 == 0o600
    assert fcntl.fcntl(writer._fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_processes_share_a_file_and_no_line_is_torn_or_lost(program: Program) -> None:
    code = "for number in range(3000): write(f'{sys.argv[1]} {number} ' + 'x' * (number % 300))\n"
    script = program.folder / "script.py"
    script.write_text(program.source(code, "file"))
    processes = [
        subprocess.Popen([sys.executable, str(script), str(number)], env=program.environment()) for number in range(4)
    ]
    codes = [process.wait(60) for process in processes]
    lines = program.file.read_text().splitlines()

    assert codes == [0] * 4
    assert sorted(lines) == sorted(f"{who} {n} {'x' * (n % 300)}" for who in range(4) for n in range(3000))


def test_processes_share_a_pipe_and_no_line_is_torn_or_lost(program: Program) -> None:
    code = "for number in range(3000): write(f'{sys.argv[1]} {number} ' + 'x' * (number % 300))\n"
    script = program.folder / "script.py"
    script.write_text(program.source(code, "pipe"))
    reader, end = os.pipe()
    processes = [
        subprocess.Popen([sys.executable, str(script), str(number)], env=program.environment(), stdout=end)
        for number in range(4)
    ]
    os.close(end)
    with open(reader) as output:
        lines = output.read().splitlines()
    codes = [process.wait(60) for process in processes]

    assert codes == [0] * 4
    assert sorted(lines) == sorted(f"{who} {n} {'x' * (n % 300)}" for who in range(4) for n in range(3000))


def test_a_kill_loses_no_more_than_the_last_moment(program: Program) -> None:
    code = """
for number in range(5000):
    write(f"line {number}")
path = logger._options.to
while not os.path.exists(path) or b"line 4999" not in open(path, "rb").read():
    time.sleep(0.001)
for number in range(5000, 5100):
    write(f"line {number}")
os.kill(os.getpid(), signal.SIGKILL)
"""
    found = program.run(code, "file")
    numbers = [int(re.fullmatch(r"line (\d+)", line)[1]) for line in found.lines]  # type: ignore[index]

    assert found.code == -signal.SIGKILL
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 5000


def test_no_thread_and_no_descriptor_before_the_first_line(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    writer = Writer(tmp_path / "log")

    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert writer.flush()
    assert not (tmp_path / "log").exists()


def test_without_a_thread_the_caller_writes_what_the_target_takes_and_does_not_wait(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    reader, end = pipe
    writer = Writer(end)
    filled = fill(end)
    monkeypatch.setattr(threading.Thread, "start", none)
    writer.write("one")
    read_all(reader, filled)
    writer.write("two")

    assert read_all(reader, 8) == b"one\ntwo\n"
