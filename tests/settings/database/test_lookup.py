import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.settings import SettingsError
from mainstay.settings.database.lookup import CannotLoad, sections_in

ONE = "from mainstay.settings.database import Database, Sections\ndatabases = Sections(test=Database('sqlite://'))\n"


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("mainstay", "sqlalchemy", "alembic")):
            del sys.modules[name]


def write(root: Path, name: str, text: str) -> str:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_a_file_is_imported_under_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, "conf_a/database.py", f"{ONE}name = __name__\n")

    assert sections_in(path, "", str(tmp_path)).names == ("test",)
    assert "conf_a.database" in sys.modules


def test_a_file_of_a_package_may_import_relatively(tmp_path: Path) -> None:
    write(tmp_path, "src/shop_b/__init__.py", "")
    write(tmp_path, "src/shop_b/place.py", "WHERE = 'sqlite://'\n")
    text = ONE.replace("'sqlite://'", "WHERE")
    path = write(tmp_path, "src/shop_b/database.py", f"from .place import WHERE\n{text}")

    assert sections_in(path, "", str(tmp_path)).names == ("test",)


def test_a_file_may_import_what_lies_in_the_project(tmp_path: Path) -> None:
    write(tmp_path, "shop_c/__init__.py", "")
    write(tmp_path, "shop_c/place.py", "WHERE = 'sqlite://'\n")
    path = write(tmp_path, "conf_c/database.py", f"from shop_c.place import WHERE\n{ONE}")

    assert sections_in(path, "", str(tmp_path)).names == ("test",)


def test_a_file_whose_name_is_taken_is_imported_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path, "json.py", ONE)
    other = write(tmp_path, "with-dash/database.py", ONE)

    assert sections_in(path, "", str(tmp_path)).names == ("test",)
    assert sections_in(other, "", str(tmp_path)).names == ("test",)


def test_a_module_is_imported_by_name(tmp_path: Path) -> None:
    write(tmp_path, "shop_d/database.py", ONE)

    assert sections_in("shop_d.database", "", str(tmp_path)).names == ("test",)


def test_of_several_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, "several_e.py", f"{ONE}reports = Sections(development=Database('sqlite://'))\n")

    assert sections_in(path, "reports", str(tmp_path)).names == ("development",)
    assert sections_in(path, "", str(tmp_path)).names == ("test",)


@pytest.mark.parametrize(
    ("text", "attribute", "message"),
    [
        ("x = 1\n", "", "bad.py declares no database"),
        (ONE, "reports", "bad.py has no Sections that are called reports (it has databases)"),
        (
            ONE.replace("databases", "a") + "b = Sections(test=Database('sqlite://'))\n",
            "",
            "bad.py has several: a, b (say which one: bad.py:a)",
        ),
        ("\nimport no_such_module\n", "", "cannot import bad.py: line 2: ModuleNotFoundError: No module named"),
        ("def f(:\n", "", "cannot import bad.py: line 1: SyntaxError: "),
        ("raise SystemExit(3)\n", "", "cannot import bad.py: line 1: SystemExit: 3"),
        ("def f():\n    raise ValueError('a\\nb')\nf()\n", "", "cannot import bad.py: line 2: ValueError: a b"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str, attribute: str, message: str) -> None:
    path = write(tmp_path, "bad.py", text)

    with pytest.raises(CannotLoad) as caught:
        sections_in(path, attribute, str(tmp_path))

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["DB_PASSWORD", "MYSQL_PWD", "DB_PASS", "DATABASE_URL"])
def test_a_secret_in_an_exception_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "hunter2")
    path = write(tmp_path, "bad.py", f"import os\nint(os.environ[{name!r}])\n")

    with pytest.raises(CannotLoad) as caught:
        sections_in(path, "", str(tmp_path))

    assert "'***'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_error_of_settings_stays_what_it_is(tmp_path: Path) -> None:
    text = "from mainstay.settings import load\nload('/no/such/folder')\n"
    path = write(tmp_path, "bad.py", text)

    with pytest.raises(SettingsError) as caught:
        sections_in(path, "", str(tmp_path))

    assert not isinstance(caught.value, CannotLoad)
