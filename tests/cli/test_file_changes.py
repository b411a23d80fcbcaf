import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.cli.file_changes import Looked, Told, has_watchfiles
from mainstay.cli.ignored import Ignored
from tests.waiting import until


@pytest.fixture(params=[Told, Looked])
def watching(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[set[str]]]:
    """What is told of changes in `tmp_path`; it is known to be watched already."""
    if request.param is Told and not has_watchfiles():
        pytest.skip("watchfiles is not installed")
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    (tmp_path / "main.py").write_text("one")
    told: list[set[str]] = []
    watcher = request.param([Ignored(str(tmp_path))], told.append)
    number = iter(range(1_000_000))
    until(lambda: (tmp_path / "probe.py").write_text("x" * next(number)) and told)
    until(lambda: _is_quiet(told))
    told.clear()
    yield told
    watcher.close()


def _is_quiet(told: list[set[str]]) -> bool:
    """Nothing has come for as long as a change may be held back."""
    before, since = len(told), time.monotonic()
    until(lambda: time.monotonic() - since > 1.2)
    return len(told) == before


def seen(told: list[set[str]]) -> set[str]:
    return {Path(path).name for paths in told for path in paths}


def test_a_saved_file_is_told(watching: list[set[str]], tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("three")

    until(lambda: seen(watching) == {"main.py"})


def test_a_new_file_in_a_new_folder_and_one_that_is_gone_are_told(watching: list[set[str]], tmp_path: Path) -> None:
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new" / "deep" / "page.html").write_text("x")
    until(lambda: "page.html" in seen(watching))
    (tmp_path / "main.py").unlink()

    until(lambda: "main.py" in seen(watching))


def test_an_editor_that_saves_by_renaming_is_told(watching: list[set[str]], tmp_path: Path) -> None:
    (tmp_path / "main.py.tmp").write_text("other")
    (tmp_path / "main.py.tmp").rename(tmp_path / "main.py")

    until(lambda: seen(watching) == {"main.py"})


def test_what_is_ignored_is_not_told(watching: list[set[str]], tmp_path: Path) -> None:
    (tmp_path / "ignored.txt").write_text("x")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.js").write_text("x")
    (tmp_path / "shop.sqlite3").write_text("x")
    (tmp_path / "main.py").write_text("four!")

    until(lambda: seen(watching))
    assert seen(watching) == {"main.py"}
