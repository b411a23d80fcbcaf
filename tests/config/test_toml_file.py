from pathlib import Path

import pytest

from mainstay.config.problems import ConfigError
from mainstay.config.toml_file import read_toml
from mainstay.errors import UsageError

from .files import write


def test_a_key_is_found_again_with_its_line(tmp_path: Path) -> None:
    document = read_toml(str(write(tmp_path / "mainstay.toml", "# x\n[apps.web]\napp = 'a:b'\n")))

    assert document.data == {"apps": {"web": {"app": "a:b"}}}
    assert document.line_of(("apps", "web", "app")) == 3


def test_what_is_not_there_has_the_line_of_what_holds_it(tmp_path: Path) -> None:
    document = read_toml(str(write(tmp_path / "mainstay.toml", "# x\n[apps.web]\napp = 'a:b'\n")))

    assert document.line_of(("apps", "web", "bind", 0)) == 2
    assert document.line_of(("nothing",)) == 1


def test_a_pyproject_is_read_from_its_section(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "[project]\nname = 'x'\n[tool.mainstay.apps.web]\napp = 'a:b'\n")

    document = read_toml(str(path))

    assert document.data == {"apps": {"web": {"app": "a:b"}}}
    assert document.line_of((*document.root, "apps", "web", "app")) == 4


@pytest.mark.parametrize("text", ["[project]\n", "[tool.ruff]\n"])
def test_a_pyproject_without_the_section_declares_nothing(tmp_path: Path, text: str) -> None:
    assert read_toml(str(write(tmp_path / "pyproject.toml", text))).data == {}


@pytest.mark.parametrize("text", ["tool = 1\n", "[tool]\nmainstay = 1\n"])
def test_a_section_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "pyproject.toml", text)

    with pytest.raises(ConfigError, match="must be a table"):
        read_toml(str(path))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[apps.web]\napp 'a:b'\n", 2, "expected '=' after a key"),
        ("[apps.web]\n[apps.web]\n", 2, "twice"),
        ("a = 1\na = 2\n", 2, "overwrite"),
        ("x = 'a\n", 1, "expected"),
        ("a = 1\nb = [1,\n", 2, ""),
        ('a = 1\nb = """x\n', 2, ""),
    ],
)
def test_a_syntax_error_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = write(tmp_path / "mainstay.toml", text)

    with pytest.raises(ConfigError) as caught:
        read_toml(str(path))

    (problem,) = caught.value.problems
    assert problem.line == line
    assert problem.text.startswith("not valid TOML: ")
    assert what in problem.text


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "mainstay.toml"
    path.write_bytes(b"a = 1\nb = '\xff'\n")

    with pytest.raises(ConfigError, match=":2: not UTF-8 text"):
        read_toml(str(path))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nothing.toml: no such file or directory"):
        read_toml(str(tmp_path / "nothing.toml"))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", f"a = {'[' * 100_000}\n")

    with pytest.raises(ConfigError, match="not valid TOML"):
        read_toml(str(path))


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "mainstay.toml"
    path.write_bytes(b"\xef\xbb\xbf[apps.web]\r\napp = 'a:b'\r\n")

    document = read_toml(str(path))

    assert document.line_of(("apps", "web", "app")) == 2
