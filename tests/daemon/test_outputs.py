import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.daemon.capture import Capture
from mainstay.daemon.outputs import Outputs
from mainstay.model.ids import SlotId
from mainstay.model.spec import LogFormat, LogPolicy
from mainstay.sys.fdstore import FdStore
from tests.daemon.running import command
from tests.waiting import until

SPEC = command("web", "sleep", "1000")


@pytest.fixture
def outputs(tmp_path: Path) -> Iterator[Outputs]:
    (tmp_path / "logs").mkdir()
    capture = Capture(lambda _: None)
    yield Outputs(str(tmp_path), capture, FdStore())
    capture.close()


def wrote(outputs: Outputs, out: bytes, err: bytes, key: str = "k") -> None:
    """What a process does: it has the pipes, writes and is gone."""
    for fd, data in zip(outputs.open(key, SPEC, "web-0", 0), (out, err), strict=True):
        os.write(fd, data)
        os.close(fd)


def test_a_stream_has_a_file_of_its_own(outputs: Outputs, tmp_path: Path) -> None:
    assert outputs.path(SPEC, "web-0", "out") == str(tmp_path / "logs" / "web-0.out.log")
    assert outputs.path(SPEC, "web-0", "err") == str(tmp_path / "logs" / "web-0.err.log")


def test_a_declared_file_is_taken(outputs: Outputs) -> None:
    spec = replace(SPEC, logs=LogPolicy(out="/var/log/web.log"))

    assert outputs.path(spec, "web-0", "out") == "/var/log/web.log"


def test_what_a_process_writes_is_in_its_files(outputs: Outputs, tmp_path: Path) -> None:
    wrote(outputs, b"to out\n", b"to err\n")
    outputs.finish("k")

    for stream in ("out", "err"):
        path = tmp_path / "logs" / f"web-0.{stream}.log"
        until(lambda path=path: path.exists() and path.read_text())  # type: ignore[misc]
        assert path.read_text() == f"to {stream}\n"


def test_the_last_lines_are_those_of_the_errors(outputs: Outputs) -> None:
    wrote(outputs, b"hello\n", b"".join(b"%d\n" % number for number in range(20)))
    outputs.finish("k")

    assert outputs.last_lines("k") == tuple(str(number) for number in range(10, 20))


def test_without_errors_the_last_lines_are_those_of_the_output(outputs: Outputs) -> None:
    wrote(outputs, b"hello\n", b"")
    outputs.finish("k")

    assert outputs.last_lines("k") == ("hello",)


def test_what_is_forgotten_has_no_last_lines(outputs: Outputs) -> None:
    wrote(outputs, b"hello\n", b"")
    outputs.finish("k")
    outputs.forget("k")

    until(lambda: outputs.last_lines("k") == ())
    assert outputs.last_lines("unknown") == ()


def test_nothing_is_dropped_in_ordinary_life(outputs: Outputs) -> None:
    wrote(outputs, b"hello\n", b"")

    assert outputs.dropped(SPEC, SlotId("web", 0)) == {"out": 0, "err": 0}


def test_a_changed_format_holds_from_the_next_line_on(outputs: Outputs, tmp_path: Path) -> None:
    out, err = outputs.open("k", SPEC, "web-0", 0)
    path = tmp_path / "logs" / "web-0.out.log"
    os.write(out, b"plain\n")
    until(lambda: path.exists() and path.read_text() == "plain\n")

    outputs.adjust(replace(SPEC, logs=LogPolicy(format=LogFormat.JSON)), frozenset((0,)))
    os.write(out, b"json\n")

    until(lambda: path.read_text().splitlines()[-1].startswith("{"))
    os.close(out)
    os.close(err)


def test_pipes_leave_no_descriptor_behind(outputs: Outputs) -> None:
    wrote(outputs, b"x\n", b"x\n")
    outputs.finish("k")
    outputs.last_lines("k")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        wrote(outputs, b"x\n", b"x\n", f"k{number}")
        outputs.finish(f"k{number}")
        outputs.forget(f"k{number}")

    until(lambda: len(os.listdir("/proc/self/fd")) <= before)
