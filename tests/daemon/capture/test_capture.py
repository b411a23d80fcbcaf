import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from mainstay.daemon.capture import Dropped
from mainstay.daemon.capture.disk import Disk
from mainstay.model.spec import LogFormat, LogPolicy
from tests.daemon.capture.apps import NUMBERED, bench, everything, numbers
from tests.waiting import until


def test_the_file_holds_exactly_what_the_app_wrote(tmp_path: Path) -> None:
    written = b"one\r\n\x00\xff two\n\n" + os.urandom(300_000) + b"no newline at the end"
    with bench(tmp_path) as b:
        b.open("a")
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"],
            stdin=subprocess.PIPE,
            stdout=b.writers["a"],
        )
        child.communicate(written)
        b.finish("a")

        assert b.read() == written
        assert b.trouble == []


def test_a_flood_is_kept_whole_and_in_order(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("a")
        assert b.run("a", NUMBERED, "0", "200000", "a").wait() == 0
        b.finish("a")

        assert numbers(b.read()) == list(range(200_000))


def test_a_flood_is_rotated_between_lines_and_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=1_000_000, keep=50))
        assert b.run("a", NUMBERED, "0", "200000", "a").wait() == 0
        b.finish("a")
        until(lambda: not [name for name in b.names()[1:] if not name.endswith(".gz")], what="all compressed")

        files = [everything(tmp_path)]
        assert numbers(files[0]) == list(range(200_000))
        assert len(b.names()) == 19
        assert max((tmp_path / name).stat().st_size for name in b.names()) < 1_000_100


def test_a_flood_without_newlines_at_the_ends_of_chunks_is_rotated_between_lines(tmp_path: Path) -> None:
    code = "import os\nfor i in range(400): os.write(1, b'x' * 7001 + b'\\n')"
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=100_000, keep=100, compress=False))
        assert b.run("a", code).wait() == 0
        b.finish("a")

        sizes = [(tmp_path / name).stat().st_size for name in b.names()]
        assert sum(sizes) == 400 * 7002
        assert all(size % 7002 == 0 for size in sizes)
        assert len(sizes) > 20


def test_the_rotated_set_never_exceeds_keep(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=100_000, keep=3, compress=False))
        assert b.run("a", NUMBERED, "0", "20000", "a").wait() == 0
        b.finish("a")

        assert b.names() == [f"web-0.out.log{suffix}" for suffix in ("", ".1", ".2", ".3")]
        assert numbers(everything(tmp_path))[-1] == 19_999


def test_two_sources_share_a_file_without_mixing_their_lines(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(rotate=2_000_000, keep=50))
        b.open("b", LogPolicy(rotate=2_000_000, keep=50))
        children = [b.run(key, NUMBERED, "0", "50000", key) for key in "ab"]
        assert [child.wait() for child in children] == [0, 0]
        b.finish("a")
        b.finish("b")

        data = everything(tmp_path)
        assert numbers(data, b"a") == numbers(data, b"b") == list(range(50_000))


def test_a_worker_killed_inside_a_line_does_not_spoil_the_first_line_of_the_next(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        os.write(b.open("old"), b"whole\nhal")
        b.finish("old")
        os.write(b.open("new"), b"next\n")
        b.finish("new")

        assert b.read() == b"whole\nhal\nnext\n"


def test_a_line_that_has_begun_is_ended_before_another_source_writes(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        one, two = b.open("one"), b.open("two")
        os.write(one, b"first half,")
        until(lambda: (tmp_path / "web-0.out.log").exists() and b.read())
        os.write(two, b"other\n")
        os.write(one, b" second half\n")
        until(lambda: b.read().count(b"\n") == 2)

        assert b.read() == b"first half, second half\nother\n"


def test_each_line_gets_a_time(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        fd = b.open("a", LogPolicy(format=LogFormat.TIME))
        os.write(fd, b"one\ntwo")
        until(lambda: (tmp_path / "web-0.out.log").exists() and b.read())
        os.write(fd, b" and a half\n")
        b.finish("a")

        lines = b.read().decode().splitlines()
        assert [line[25:] for line in lines] == ["one", "two and a half"]
        assert all(line[10] == "T" and line[23:25] == "Z " for line in lines)


def test_json_lines_survive_a_flood(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("a", LogPolicy(format=LogFormat.JSON, rotate=0))
        assert b.run("a", NUMBERED, "0", "30000", "a").wait() == 0
        b.finish("a")

        found = [json.loads(line) for line in b.read().splitlines()]
        assert [int(entry["line"].split()[1]) for entry in found] == list(range(30_000))
        assert {(entry["app"], entry["slot"], entry["stream"]) for entry in found} == {("web", 0, "out")}


def test_the_last_lines_of_a_dead_worker_are_known_and_printable(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        b.open("other")
        b.open("a")
        code = "import os; os.write(1, b'noise\\n' * 30000 + b'Traceback\\n\\x1b[31mboom\\x07\\n')"
        assert b.run("other", NUMBERED, "0", "5000", "b").wait() == b.run("a", code).wait() == 0
        b.capture.finish("a")

        assert b.capture.tail("a", lines=2, wait=30) == ("Traceback", r"\x1b[31mboom\x07")
        assert len(b.capture.tail("a", lines=5000, limit=600, wait=30)) <= 100
        b.capture.forget("a")
        assert until(lambda: b.capture.tail("a") == ())


def test_the_last_lines_are_known_across_a_rotation(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        fd = b.open("a", LogPolicy(rotate=20, keep=1, compress=False))
        for number in range(6):
            os.write(fd, b"line number %d\n" % number)
            b.capture.barrier(30)

        assert b.capture.tail("a", lines=4, wait=30) == tuple(f"line number {n}" for n in (2, 3, 4, 5))


@pytest.mark.parametrize("style", [LogFormat.RAW, LogFormat.TIME])
def test_files_are_private(tmp_path: Path, style: LogFormat) -> None:
    with bench(tmp_path) as b:
        os.write(b.open("a", LogPolicy(format=style), "new/deep/web.log"), b"x\n")
        b.finish("a")

        assert (tmp_path / "new/deep/web.log").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "new/deep/web.log.times").stat().st_mode & 0o777 == 0o600
        assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "new/deep")] == [0o700, 0o700]


def test_a_deleted_file_and_folder_are_made_again(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        fd = b.open("a", path="logs/web.log")
        os.write(fd, b"before\n")
        b.capture.barrier(30)
        for file in (tmp_path / "logs").iterdir():
            file.unlink()
        (tmp_path / "logs").rmdir()
        os.write(fd, b"after\n")
        b.capture.barrier(30)

        assert b.read("logs/web.log") == b"after\n"


def test_a_file_moved_away_by_logrotate_is_reopened_when_told(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        fd = b.open("a")
        os.write(fd, b"before\n")
        b.capture.barrier(30)
        (tmp_path / "web-0.out.log").rename(tmp_path / "elsewhere")
        b.capture.reopen()
        b.capture.barrier(30)
        os.write(fd, b"after\n")
        b.capture.barrier(30)

        assert (b.read(), b.read("elsewhere")) == (b"after\n", b"before\n")


def test_a_file_truncated_by_logrotate_goes_on_at_its_start(tmp_path: Path) -> None:
    with bench(tmp_path) as b:
        fd = b.open("a")
        os.write(fd, b"before\n")
        b.capture.barrier(30)
        os.truncate(tmp_path / "web-0.out.log", 0)
        os.write(fd, b"after\n")
        b.capture.barrier(30)

        assert b.read() == b"after\n"


def test_an_idle_capture_costs_nothing(tmp_path: Path) -> None:
    others = set(os.listdir("/proc/self/task"))
    with bench(tmp_path) as b:
        fd = b.open("a")
        os.write(fd, b"x\n")
        b.finish("a")
        ours = set(os.listdir("/proc/self/task")) - others

        def switches() -> list[str]:
            statuses = [Path(f"/proc/self/task/{number}/status").read_text() for number in ours]
            return [status.split("voluntary_ctxt_switches:\t")[1].split()[0] for status in statuses]

        def quiet_for_two_seconds() -> bool:
            before = switches()
            Event().wait(2.0)
            return switches() == before

        assert len(ours) == 2
        assert until(quiet_for_two_seconds, what="no wake-up at all")


def test_a_line_pipe_is_left_to_gather_under_a_flood(tmp_path: Path) -> None:
    code = "import os\nfor i in range(200000): os.write(1, b'x' * 99 + b'\\n')"
    with bench(tmp_path) as b:
        b.open("a")
        child = b.run("a", code)
        before = resource.getrusage(resource.RUSAGE_SELF)
        assert child.wait() == 0
        b.finish("a")
        after = resource.getrusage(resource.RUSAGE_SELF)

        assert len(b.read()) == 20_000_000
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
        assert after.ru_nvcsw - before.ru_nvcsw < 20_000


class GatedDisk(Disk):
    """A disk that answers only while the gate is open."""

    def __init__(self) -> None:
        self.gate = Event()
        self.gate.set()

    def splice(self, pipe: int, file: int, size: int, offset: int) -> int:
        self.gate.wait()
        return super().splice(pipe, file, size, offset)

    def write(self, file: int, data: memoryview, offset: int | None) -> int:
        self.gate.wait()
        return super().write(file, data, offset)


@pytest.mark.parametrize("style", [LogFormat.RAW, LogFormat.TIME])
def test_a_disk_that_hangs_does_not_block_the_app_and_loses_nothing_that_fits(tmp_path: Path, style: LogFormat) -> None:
    disk = GatedDisk()
    with bench(tmp_path, disk) as b:
        b.open("a", LogPolicy(format=style))
        disk.gate.clear()
        child = b.run("a", NUMBERED, "0", "50000", "a")
        assert child.wait(60) == 0
        disk.gate.set()
        b.capture.finish("a")
        assert b.capture.barrier(60)
        until(lambda: len(b.trouble) == 2)

        data = b.read() if style is LogFormat.RAW else b"".join(line[25:] for line in b.read().splitlines(True))
        assert numbers(data) == list(range(50_000))
        assert b.trouble[0].startswith(f"disk slow: {tmp_path}")
        assert b.trouble[1] == "disk answers again: nothing was lost"


def test_what_a_hanging_disk_cannot_take_is_dropped_by_whole_lines_and_counted(tmp_path: Path) -> None:
    disk = GatedDisk()
    with bench(tmp_path, disk) as b:
        b.open("a", LogPolicy(rotate=0))
        disk.gate.clear()
        assert b.run("a", NUMBERED, "0", "300000", "a").wait(60) == 0
        disk.gate.set()
        until(lambda: len(b.trouble) == 2)
        assert b.run("a", NUMBERED, "300000", "1000", "a").wait(60) == 0
        b.finish("a")

        kept, dropped = numbers(b.read()), b.capture.dropped("a")
        assert kept[-1000:] == list(range(300_000, 301_000))
        assert kept == sorted(set(kept))
        assert dropped == Dropped(301_000 - len(kept), 92 * (301_000 - len(kept)))
        assert dropped.lines > 100_000
        assert len(b.read()) > 7 * 1024 * 1024
        assert f"{dropped.lines} lines" in b.trouble[1]
        assert b.capture.dropped(str(tmp_path / "web-0.out.log")) == dropped


def test_a_worker_may_die_while_the_disk_hangs(tmp_path: Path) -> None:
    disk = GatedDisk()
    with bench(tmp_path, disk) as b:
        b.open("a")
        disk.gate.clear()
        assert b.run("a", NUMBERED, "0", "20000", "a").wait(60) == 0
        b.capture.finish("a")
        os.write(b.open("b"), b"b 00000000 %s\n" % (b"." * 80))
        until(lambda: b.trouble)
        disk.gate.set()
        b.finish("b")

        assert numbers(b.read(), b"a") == list(range(20_000))
        assert numbers(b.read(), b"b") == [0]
