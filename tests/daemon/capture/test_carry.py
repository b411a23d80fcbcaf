"""Files that refuse to be written: a real full disk where we may mount one, and a limit on the size of files."""

import os
import subprocess
import sys
from pathlib import Path

from tests.daemon.capture.apps import bench
from tests.waiting import until

CHILD = """
import os, resource, sys
from pathlib import Path
from mainstay.daemon.capture import Dropped
from mainstay.model.spec import LogFormat, LogPolicy
from tests.daemon.capture.apps import NUMBERED, bench, everything, numbers
from tests.waiting import until

def anonymous():
    fields = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return int(fields["RssAnon"].split()[0]) * 1024

folder, style = Path(sys.argv[1]), LogFormat(sys.argv[2])
policy = LogPolicy(format=style, rotate=0)
"""

LIMITED = (
    CHILD
    + """
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
with bench(folder) as b:
    b.open("a", policy)
    before = anonymous()
    assert b.run("a", NUMBERED, "0", "300000", "a").wait(60) == 0
    assert b.capture.barrier(60)
    assert anonymous() - before < 16 * 1024 * 1024, anonymous() - before
    assert b.trouble[0].startswith(f"cannot write {folder}/web-0.out.log: File too large"), b.trouble
    assert b.capture.tail("a", 1, wait=30)[0].startswith("a 00299999")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    until(lambda: len(b.trouble) == 2)
    assert b.run("a", NUMBERED, "300000", "1000", "a").wait(60) == 0
    b.finish("a")
    until(lambda: b.read().count(b"00300999"))
    data = b.read()
    if style is LogFormat.TIME:
        data = b"".join(line[25:] for line in data.splitlines(True))
    kept, dropped = numbers(data), b.capture.dropped("a")
    assert kept == sorted(set(kept)) and kept[-1000:] == list(range(300_000, 301_000))
    assert dropped == Dropped(301_000 - len(kept), 92 * (301_000 - len(kept)))
    assert dropped.lines > 100_000 and len(kept) > 80_000
    assert b.trouble[1].endswith(f"{dropped.lines} lines ({dropped.bytes} bytes) were dropped"), b.trouble
    assert len(b.trouble) == 2
"""
)

FULL = (
    CHILD
    + """
if subprocess_mounted := os.geteuid() == 0:
    import subprocess
    subprocess_mounted = subprocess.call(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]) == 0
if not subprocess_mounted:
    sys.exit(77)
with bench(folder) as b:
    b.open("a", policy)
    (folder / "ballast").write_bytes(bytes(900_000))
    assert b.run("a", NUMBERED, "0", "5000", "a").wait(60) == 0
    until(lambda: b.trouble)
    (folder / "ballast").unlink()
    until(lambda: len(b.trouble) == 2)
    b.finish("a")
    assert numbers(b.read()) == list(range(5000))
    assert b.trouble[0].startswith(f"disk full: {folder}/web-0.out.log"), b.trouble
    assert b.trouble[1] == f"{folder}/web-0.out.log is written again: nothing was lost", b.trouble
"""
)


def run(code: str, *args: str, prefix: tuple[str, ...] = ()) -> int:
    """Run a test of its own in a child, for it changes what the process may do."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.call([*prefix, sys.executable, "-c", code, *args], env={**os.environ, "PYTHONPATH": path})


def test_a_file_that_may_not_grow_costs_bounded_memory_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    assert run(LIMITED, str(tmp_path), "raw") == 0


def test_the_same_holds_for_lines_with_a_time(tmp_path: Path) -> None:
    assert run(LIMITED, str(tmp_path), "time") == 0


def test_a_full_disk_loses_nothing_that_fits_into_memory(tmp_path: Path) -> None:
    mounts = os.geteuid() == 0 and subprocess.call(["unshare", "-m", "true"]) == 0
    code = run(FULL, str(tmp_path), "raw", prefix=("unshare", "-m")) if mounts else 77

    assert code == 0 or (code == 77 and run(LIMITED, str(tmp_path), "raw") == 0)


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with bench(tmp_path) as b:
        os.write(b.open("a", path="logs/web.log"), b"kept\n")
        until(lambda: b.trouble)
        (tmp_path / "logs").unlink()
        until(lambda: len(b.trouble) == 2)

        assert b.read("logs/web.log") == b"kept\n"
        assert b.trouble[0].startswith(f"cannot write {tmp_path}/logs/web.log: Not a directory: output is kept")


def test_what_a_finished_source_could_not_write_is_written_later(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with bench(tmp_path) as b:
        os.write(b.open("a", path="logs/web.log"), b"last words")
        b.finish("a")
        (tmp_path / "logs").unlink()
        until(lambda: len(b.trouble) == 2)

        assert b.read("logs/web.log") == b"last words"
        assert b.capture.tail("a", wait=30) == ("last words",)
