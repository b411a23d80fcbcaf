from pathlib import Path

import pytest

from mainstay.config.source import declares_apps, read_document
from mainstay.errors import UsageError

from .files import write


def test_toml_is_read(tmp_path: Path) -> None:
    assert read_document(str(write(tmp_path / "other.toml", "a = 1\n"))).data == {"a": 1}


def test_a_format_that_is_not_read_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "ecosystem.config.js", "module.exports = {}\n")

    with pytest.raises(UsageError, match="only TOML files are read"):
        read_document(str(path))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mainstay.toml", True), ("ecosystem.config.js", True), ("server.js", False), ("x.py", False)],
)
def test_config_files_are_told_from_programs_by_name(name: str, expected: bool) -> None:
    assert declares_apps(name) is expected
