import os
from pathlib import Path

import pytest

from mainstay.cli.chainload.files import read_file
from mainstay.errors import MainstayError


def test_each_variable_comes_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\n\n# comment\nexport B='two words'\n")

    assert read_file(str(file)).variables == {"A": ("1", f"{file}:1"), "B": ("two words", f"{file}:4")}


def test_nothing_is_expanded(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nB=$A\n")

    assert read_file(str(file)).variables["B"][0] == "$A"


def test_what_is_odd_is_told_and_what_is_harmless_is_not(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_bytes(b"A='x\r\nA=1\nB='y' z\nnothing\n")

    read = read_file(str(file))

    assert {name: value for name, (value, _) in read.variables.items()} == {"A": "1", "B": "'y' z"}
    assert [told.partition(": ")[0] for told in read.oddities] == [f"{file}:{line}" for line in (1, 3, 4)]


def test_a_pipe_is_read_as_well_as_a_file() -> None:
    reads, writes = os.pipe()
    os.write(writes, b"A=1\n")
    os.close(writes)

    assert read_file(f"/dev/fd/{reads}").variables["A"][0] == "1"
    os.close(reads)


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "no such file or directory"), (".", "is a directory"), ("x.env/y", "not a directory")],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.env").touch()

    with pytest.raises(MainstayError) as error:
        read_file(str(tmp_path / name))

    assert error.value.message == f"cannot read {tmp_path / name}: {message}"


def test_a_list_of_files_is_explained(tmp_path: Path) -> None:
    with pytest.raises(MainstayError) as error:
        read_file(f"{tmp_path}/a,b")

    assert error.value.hint == "-f takes one file; write it once for each"


def test_a_file_may_not_say_where_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nAPP_ENV=production\n")

    with pytest.raises(MainstayError, match=f"{file}:2: APP_ENV"):
        read_file(str(file))


@pytest.mark.parametrize("value", [b"x\0y", b"\xff", b"encrypted:BMu5hWc9"])
def test_a_value_that_is_of_no_use_is_an_error_that_does_not_show_it(tmp_path: Path, value: bytes) -> None:
    file = tmp_path / "x.env"
    file.write_bytes(b"A=1\nB=" + value + b"\n")

    with pytest.raises(MainstayError, match=f"{file}:2: ") as error:
        read_file(str(file))

    assert "BMu5hWc9" not in f"{error.value.message} {error.value.hint}"
