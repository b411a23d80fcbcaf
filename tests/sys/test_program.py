import os
from pathlib import Path

import pytest

from mainstay.sys.program import SpawnFailed, find


def executable(path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_a_path_is_taken_as_it_is() -> None:
    assert find("./no/such", {"PATH": "/bin"}) == "./no/such"


def test_the_first_in_path_that_can_be_run_is_found(tmp_path: Path) -> None:
    executable(tmp_path / "a/tool")
    (tmp_path / "a/tool").chmod(0o644)
    second = executable(tmp_path / "b/tool")
    executable(tmp_path / "c/tool")

    assert find("tool", {"PATH": f"{tmp_path}/none:{tmp_path}/a:{tmp_path}/b:{tmp_path}/c"}) == second


def test_a_folder_of_that_name_is_not_the_program(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    with pytest.raises(FileNotFoundError):
        find("tool", {"PATH": str(tmp_path)})


def test_one_that_may_not_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("")
    with pytest.raises(PermissionError) as caught:
        find("tool", {"PATH": f"/none:{tmp_path}"})

    assert caught.value.filename == f"{tmp_path}/tool"


def test_without_a_path_the_default_one_is_used() -> None:
    assert os.path.basename(find("sh", {})) == "sh"


def test_a_failure_reads_as_one_line() -> None:
    assert str(SpawnFailed(2, "exec", "tool")) == "exec 'tool': No such file or directory"
