import os
from pathlib import Path

import pytest

from mainstay.cli.chainload.files import variables_of
from mainstay.errors import MainstayError


def test_each_variable_comes_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\n\n# comment\nexport B='two words'\n")

    assert variables_of(str(file), {}) == {"A": ("1", f"{file}:1"), "B": ("two words", f"{file}:4")}


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_bytes(b"A=\xff\xfe\n")

    assert os.fsencode(variables_of(str(file), {})["A"][0]) == b"\xff\xfe"


def test_a_pipe_is_read_as_well_as_a_file() -> None:
    reads, writes = os.pipe()
    os.write(writes, b"A=1\n")
    os.close(writes)

    assert variables_of(f"/dev/fd/{reads}", {})["A"][0] == "1"
    os.close(reads)


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "no such file or directory"), (".", "is a directory"), ("x.env/y", "not a directory")],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.env").touch()

    with pytest.raises(MainstayError) as error:
        variables_of(str(tmp_path / name), {})

    assert error.value.message == f"cannot read {tmp_path / name}: {message}"


def test_a_list_of_files_is_explained(tmp_path: Path) -> None:
    with pytest.raises(MainstayError) as error:
        variables_of(f"{tmp_path}/a,b", {})

    assert error.value.hint == "-f takes one file; write it once for each"


@pytest.mark.parametrize("name", ["APP_ENV", "NODE_ENV"])
def test_a_file_may_not_say_where_it_runs(tmp_path: Path, name: str) -> None:
    file = tmp_path / "x.env"
    file.write_text(f"A=1\n{name}=production\n")

    if name == "NODE_ENV":
        assert variables_of(str(file), {})["NODE_ENV"][0] == "production"
        return
    with pytest.raises(MainstayError, match=f"{file}:2: APP_ENV"):
        variables_of(str(file), {})


def test_a_nul_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_bytes(b"A=1\nB=x\0y\n")

    with pytest.raises(MainstayError, match=f"{file}:2: "):
        variables_of(str(file), {})
