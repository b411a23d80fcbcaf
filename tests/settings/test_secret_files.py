import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.settings import SettingsError
from mainstay.settings.secret_files import SecretFolder, indirect, read_folder, read_text


def values(found: SecretFolder) -> dict[str, str]:
    return {file.name: file.value for file in found.files}


def put(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder


def replaced(folder: Path, generation: str, **texts: str) -> None:
    """What Kubernetes does: the values in a folder of their own, and one link that leads there, replaced at once."""
    put(folder / generation, **texts)
    (folder / "new").symlink_to(generation)
    os.replace(folder / "new", folder / "..data")
    for name in texts:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"x\n", "x"), (b"x\r\n", "x"), (b"x\n\n", "x\n"), (b" x ", " x "), (b"", ""), (b"\xc3\xa9", "é")],
)
def test_one_line_end_is_not_a_part_of_a_secret(tmp_path: Path, content: bytes, text: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)

    assert read_text(str(file)) == text


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"hunter2\xff", "not UTF-8 text"), (b"hunter2\0", "NUL"), (b"hunter2" * 200_000, "more than 1 MiB")],
)
def test_what_is_no_text_is_refused_and_not_shown(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=why) as caught:
        read_text(str(file))
    assert "hunter2" not in str(caught.value)


def test_the_files_of_a_folder_are_variables(tmp_path: Path) -> None:
    folder = put(
        tmp_path / "secrets", **{"db_password": "one\n", "API_KEY": "two", "ca.crt-x": "three", ".hidden": "no"}
    )
    (folder / "kubernetes.io").mkdir()

    found = read_folder(str(folder))

    assert values(found) == {"DB_PASSWORD": "one", "API_KEY": "two", "CA_CRT_X": "three"}
    assert {file.path for file in found.files} >= {f"{folder}/db_password"}
    assert (found.warnings, found.mistakes) == ((), ())


def test_a_folder_that_is_not_there_has_no_secrets(tmp_path: Path) -> None:
    assert read_folder(str(tmp_path / "none")) == SecretFolder()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    put(tmp_path, x="1")

    (mistake,) = read_folder(str(tmp_path / "x")).mistakes

    assert str(mistake) == f"{tmp_path}/x: cannot read it: not a directory"


def test_two_files_of_one_variable_are_a_mistake(tmp_path: Path) -> None:
    put(tmp_path, db_password="1", DB_PASSWORD="2")

    (mistake,) = read_folder(str(tmp_path)).mistakes

    assert str(mistake) == f"{tmp_path}/db_password: {tmp_path}/DB_PASSWORD is the variable DB_PASSWORD too"


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff")

    (mistake,) = read_folder(str(tmp_path)).mistakes

    assert str(mistake) == f"{tmp_path}/key: cannot read it: not UTF-8 text"


def test_a_file_whose_name_is_no_variable_is_told_of(tmp_path: Path) -> None:
    put(tmp_path, **{"1st": "x"})

    (warning,) = read_folder(str(tmp_path)).warnings

    assert str(warning) == f"{tmp_path}/1st: 1ST is no name of a variable"


def test_files_that_others_can_read_are_told_of_unless_a_container_made_them(tmp_path: Path) -> None:
    put(tmp_path, key="1")
    (tmp_path / "key").chmod(0o644)

    (warning,) = read_folder(str(tmp_path)).warnings

    assert str(warning) == f"{tmp_path}/key: everybody can read it; chmod 600 {tmp_path}/key"
    assert read_folder(str(tmp_path), given=True).warnings == ()


def test_a_folder_of_kubernetes_is_read_through_its_links(tmp_path: Path) -> None:
    replaced(tmp_path, "..2026_1", user="one", password="secret")

    found = read_folder(str(tmp_path), given=True)

    assert values(found) == {"USER": "one", "PASSWORD": "secret"}
    assert [file.path for file in found.files] == [f"{tmp_path}/password", f"{tmp_path}/user"]


def test_values_of_two_generations_are_never_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(tmp_path, "..2026_1", user="old", password="old")
    _meanwhile(monkeypatch, lambda: replaced(tmp_path, "..2026_2", user="new", password="new"))

    assert values(read_folder(str(tmp_path), given=True)) == {"USER": "new", "PASSWORD": "new"}


def _meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Makes the change between the listing of a folder and the reading of its files."""
    really, done = os.listdir, False

    def listdir(place: str) -> list[str]:
        nonlocal done
        names = really(place)
        if not done:
            done = True
            change()
        return names

    monkeypatch.setattr(os, "listdir", listdir)


def test_name_file_names_the_file_with_the_value(tmp_path: Path) -> None:
    put(tmp_path, password="hunter2\n")

    found = indirect("DB_PASSWORD", {"DB_PASSWORD_FILE": f"{tmp_path}/password"})

    assert found is not None
    assert (found.value, found.path) == ("hunter2", f"{tmp_path}/password")
    assert "hunter2" not in repr(found)
    assert indirect("DB_PASSWORD", {"DB_PASSWORD": "x"}) is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"A": "x", "A_FILE": "/x"}, "A and A_FILE are both set (unset one of them)"),
        ({"A_FILE": ""}, "A_FILE is empty (name the file with the value in it)"),
        ({"A_FILE": "/nowhere/x"}, "cannot read /nowhere/x: no such file or directory"),
    ],
)
def test_a_name_file_that_leads_nowhere_is_an_error(values: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        indirect("A", values)

    assert str(caught.value) == why
