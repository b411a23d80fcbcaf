from pathlib import Path

import pytest

from mainstay.config.find import find_file
from mainstay.errors import UsageError

from .files import write


def test_mainstay_toml_comes_before_pyproject(tmp_path: Path) -> None:
    own = write(tmp_path / "mainstay.toml", "")
    write(tmp_path / "pyproject.toml", "[tool.mainstay.apps.web]\n")

    assert find_file(None, str(tmp_path)) == str(own)


def test_a_pyproject_with_our_section_counts(tmp_path: Path) -> None:
    project = write(tmp_path / "pyproject.toml", "[tool.mainstay.apps.web]\n")

    assert find_file(None, str(tmp_path)) == str(project)


def test_a_pyproject_without_our_section_does_not_count(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[project]\n")

    with pytest.raises(UsageError, match=r"has no mainstay.toml, and no pyproject.toml with \[tool.mainstay\]"):
        find_file(None, str(tmp_path))


def test_a_web_app_that_is_there_is_the_hint(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "main.py", "from fastapi import FastAPI\nservice = FastAPI()\n")

    with pytest.raises(UsageError) as caught:
        find_file(None, str(tmp_path))

    assert "`mainstay start shop.main:service`" in caught.value.hint


def test_a_file_or_its_folder_may_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "deploy" / "mainstay.toml", "")

    assert find_file("deploy/mainstay.toml", str(tmp_path)) == str(path)
    assert find_file("deploy", str(tmp_path)) == str(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read other\.toml: no such file"):
        find_file("other.toml", str(tmp_path))
