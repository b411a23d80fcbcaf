import os
import re
import subprocess
import sys
from pathlib import Path

import mainstay

SOURCE = os.path.dirname(os.path.dirname(mainstay.__file__))
WRITE = """
import sys
from mainstay.daemon import journal
journal.LIMIT = int(sys.argv[2])
log = journal.Journal(sys.argv[1])
for line in sys.argv[3:]:
    log.write(line.encode().decode("unicode_escape"))
"""


def written(path: Path, *lines: str, limit: int = 10_000, to: Path | None = None, code: str = WRITE) -> str:
    """Lines written to the journal at `path` by a process whose output goes to `to`."""
    target = to or path
    with target.open("ab") as file:
        subprocess.run(
            [sys.executable, "-c", code, str(path), str(limit), *lines],
            stdout=file,
            stderr=file,
            check=True,
            env={**os.environ, "PYTHONPATH": SOURCE},
        )
    return target.read_text()


def test_a_line_has_its_time(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} hello\n", written(tmp_path / "daemon.log", "hello"))


def test_control_characters_are_escaped(tmp_path: Path) -> None:
    text = written(tmp_path / "daemon.log", r"a\nb\x1b[31m\ud800\xe9")

    assert text.endswith(" a\\nb\\x1b[31m\\ud800\\xe9\n")
    assert text.count("\n") == 1


def test_a_large_file_is_put_aside_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    written(path, "first", "second", "third", limit=60)

    assert path.read_text().endswith("third\n")
    assert path.read_text().count("\n") == 1
    assert (tmp_path / "daemon.log.1").read_text().count("\n") == 2


def test_a_large_file_is_put_aside_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    path.write_text("x" * 100)
    written(path, "new", limit=100)

    assert path.read_text().endswith(" new\n")
    assert (tmp_path / "daemon.log.1").read_text() == "x" * 100


def test_in_the_foreground_nothing_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    path.write_text("x" * 100)

    assert written(path, "to the terminal", limit=10, to=tmp_path / "terminal").endswith("to the terminal\n")
    assert path.read_text() == "x" * 100


def test_without_anywhere_to_write_nothing_happens(tmp_path: Path) -> None:
    closed = "import os, sys; os.close(2); os.open('/dev/full', os.O_WRONLY)\n" + WRITE
    missing = "import sys; sys.stderr = None\n" + WRITE

    assert written(tmp_path / "daemon.log", "lost", code=closed) == ""
    assert written(tmp_path / "daemon.log", "lost", code=missing) == ""


def test_a_folder_that_may_not_be_written_is_no_error(tmp_path: Path) -> None:
    gone = f"import shutil; shutil.rmtree({str(tmp_path / 'home')!r})\n" + WRITE
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "daemon.log").write_text("x" * 100)

    assert written(tmp_path / "home" / "daemon.log", "on", limit=10, to=tmp_path / "terminal", code=gone).endswith(
        " on\n"
    )


def test_a_fault_of_ours_is_written_with_its_traceback(tmp_path: Path) -> None:
    code = WRITE + "try: 1 // 0\nexcept ZeroDivisionError as error: log.bug(error)\n"

    text = written(tmp_path / "daemon.log", code=code)

    assert "bug: Traceback" in text
    assert "bug: ZeroDivisionError" in text
