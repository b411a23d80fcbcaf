import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.daemon.capture import Capture, SinkSpec, make_intake
from mainstay.daemon.capture.intake import LARGE, PAGE, Intake, Left, Mark
from mainstay.daemon.capture.transfer import Transfer
from mainstay.model.spec import LogFormat, LogPolicy
from mainstay.sys.pipes import output_pipe
from tests.waiting import until

LINES = 20_000

WRITER = """
import os, sys
text = b"".join(b"%07d %s\\n" % (number, b"." * (number * 7 % 90)) for number in range(int(sys.argv[1])))
at = 0
while at < len(text):
    at += os.write(1, text[at : at + 1 + at * 31 % 9_000])
"""

DAEMON = """
import os, signal, sys
from mainstay.daemon.capture import Capture, SinkSpec
from mainstay.model.spec import LogFormat, LogPolicy

pipe, intake, path, style, left, after, *transfer = sys.argv[1:]
left = int(left)

def deadly(call):
    def called(*arguments, **more):
        global left
        left -= 1
        if not left and not int(after):
            os.kill(os.getpid(), signal.SIGKILL)
        done = call(*arguments, **more)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return called

for name in ("splice", "pwrite", "rename", "replace", "ftruncate", "open", "close"):
    setattr(os, name, deadly(getattr(os, name)))
policy = LogPolicy(format=LogFormat(style), rotate=200_000, keep=100, compress=False)
capture = Capture(print, inherited=tuple(map(int, transfer)))
capture.open("a", int(pipe), SinkSpec(path, "out", "web", 0, policy), int(intake))
signal.pause()
"""


def left(fd: int) -> Left:
    """What another process would find."""
    other = Intake(os.dup(fd))
    try:
        return other.left()
    finally:
        other.close()


def numbers_in(path: Path, style: LogFormat) -> list[int]:
    """The numbers of the lines in a log and those before it, oldest first."""
    before = sorted(path.parent.glob(f"{path.name}.*[0-9]"), key=lambda file: -int(file.suffix[1:]))
    lines = [line for file in (*before, path) for line in file.read_text().splitlines()]
    match style:
        case LogFormat.JSON:
            texts = [json.loads(line)["line"] for line in lines]
        case LogFormat.TIME:
            texts = [line.partition(" ")[2] for line in lines]
        case LogFormat.RAW:
            texts = lines
    assert all(text.endswith("." * (int(text[:7]) * 7 % 90)) for text in texts)
    return [int(text[:7]) for text in texts]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("style", LogFormat)
def test_daemons_killed_one_after_the_other_at_any_call_lose_and_repeat_nothing(
    tmp_path: Path, style: LogFormat, seed: int
) -> None:
    chance = random.Random(seed)
    path = tmp_path / "web-0.out.log"
    (read_fd, write_fd), transfer = output_pipe(), Transfer().fds
    intake = -1 if style is LogFormat.RAW else make_intake()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(LINES)], stdout=write_fd)
    for _ in range(5):
        calls, after = chance.randrange(1, 60), chance.randrange(2)
        arguments = [str(value) for value in (read_fd, intake, path, style.value, calls, after, *transfer)]
        daemon = subprocess.Popen(
            [sys.executable, "-c", DAEMON, *arguments],
            pass_fds=(read_fd, *transfer, *([intake] if intake >= 0 else [])),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        until(lambda: daemon.poll() is not None or writer.poll() is not None)  # noqa: B023
        daemon.kill()
        assert daemon.wait(60) == -signal.SIGKILL

    capture = Capture(print, inherited=transfer)
    policy = LogPolicy(format=style, rotate=200_000, keep=100, compress=False)
    capture.open("a", read_fd, SinkSpec(str(path), "out", "web", 0, policy), intake)
    assert writer.wait(60) == 0
    capture.finish("a")
    assert capture.barrier(60)
    capture.close()
    os.close(write_fd)

    assert numbers_in(path, style) == list(range(LINES))


def test_what_was_taken_and_not_settled_is_there_for_the_next_one() -> None:
    intake = Intake(make_intake())
    other = os.dup(intake.fd)
    (read_fd, write_fd) = output_pipe()

    assert intake.take(read_fd, 100) == b""
    os.write(write_fd, b"one\ntw")
    assert intake.take(read_fd, 100) == b"one\ntw"
    assert left(other) == Left(b"one\ntw", LogFormat.RAW, False, None)
    mark = Mark(7, 30, 0, 1_000)
    intake.mark(LogFormat.JSON, False, mark, 50)
    assert left(other) == Left(b"one\ntw", LogFormat.JSON, False, mark)
    intake.moved_on(8, 0, 20)
    assert left(other).mark == Mark(8, 0, 30, 1_000)
    intake.settle(LogFormat.JSON, b"tw", False)
    assert left(other) == Left(b"tw", LogFormat.JSON, False, None)
    os.close(write_fd)
    assert intake.take(read_fd, 100) is None
    os.close(read_fd)
    os.close(other)
    intake.close()


def test_the_start_of_a_line_that_came_by_another_way_is_kept_too() -> None:
    intake = Intake(make_intake())
    intake.settle(LogFormat.JSON, b"x" * 3 * PAGE, False)

    assert left(intake.fd).data == b"x" * 3 * PAGE
    intake.close()


def test_its_memory_is_given_back() -> None:
    intake = Intake(make_intake())
    (read_fd, write_fd) = output_pipe()
    for number in range(100):
        os.write(write_fd, b"%04d" % number * 10_000)
        assert len(intake.take(read_fd, 40_000) or b"") == 40_000
        intake.settle(LogFormat.JSON, b"%04d" % number, False)
        assert os.fstat(intake.fd).st_size < LARGE + 100_000

        assert left(intake.fd).data == b"%04d" % number
    for fd in (read_fd, write_fd):
        os.close(fd)
    intake.close()
