import sys
from pathlib import Path

import pytest

from mainstay.cli import database_inquiry
from mainstay.cli.database_file import Target
from mainstay.cli.database_inquiry import Asking, NotAnswered

FILE = """\
from mainstay.settings.database import Database, Sections
databases = Sections(development=Database("sqlite://"), production=Database(driver="postgresql"))
"""


def asking(folder: Path, text: str, environment: str = "", python: str = sys.executable) -> Asking:
    (folder / "database.py").write_text(text)
    return Asking(Target(str(folder / "database.py"), "", str(folder)), environment, python, "")


def test_an_answer_comes_from_the_interpreter_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_ENV", raising=False)

    assert asking(tmp_path, FILE).ask("url") == {"environment": "development", "url": "sqlite://"}


def test_an_error_comes_with_its_hint(tmp_path: Path) -> None:
    with pytest.raises(NotAnswered, match="'test'") as caught:
        asking(tmp_path, FILE, "test").ask("check", timeout=5)

    assert caught.value.hint == "there are sections: development, production"
    assert caught.value.exit_code == 1


def test_a_file_that_ends_the_process_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAnswered, match=r"cannot import .*database\.py: .* ended with 7"):
        asking(tmp_path, "import os\nos._exit(7)\n").ask("url")


def test_a_file_that_does_not_come_to_its_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_inquiry, "_IMPORTING", 0.5)

    with pytest.raises(NotAnswered, match=r"it takes longer than 0\.5 s"):
        asking(tmp_path, "import threading\nthreading.Event().wait()\n").ask("url")


def test_an_interpreter_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAnswered, match="cannot run /no/such/python: No such file"):
        asking(tmp_path, FILE, python="/no/such/python").ask("url")
