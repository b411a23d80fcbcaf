import os
from pathlib import Path

import pytest

from mainstay.client.home import UnsafeHome, checked_home, home_path, prepared_home, socket_path, writable_home
from mainstay.errors import MainstayError
from tests.client.nobody import as_nobody, place_for_nobody


def test_the_home_is_what_the_variable_says() -> None:
    assert home_path({"MAINSTAY_HOME": "/srv/../srv/m"}) == "/srv/m"


def test_the_home_is_in_the_users_folder_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/shop")

    assert home_path({"MAINSTAY_HOME": ""}) == "/home/shop/.mainstay"


def test_a_user_without_a_home_folder_has_it_in_the_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does for a user that nobody knows

    assert home_path({}) == f"/tmp/mainstay-{os.geteuid()}"
    assert home_path({"TMPDIR": "/var/tmp"}) == f"/var/tmp/mainstay-{os.geteuid()}"


def test_where_the_home_folder_cannot_be_written_the_folder_for_temporary_files_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc/nowhere")

    assert writable_home({"TMPDIR": str(tmp_path)}) == str(tmp_path / f"mainstay-{os.geteuid()}")


def test_a_home_that_was_asked_for_is_used_or_refused(tmp_path: Path) -> None:
    assert writable_home({"MAINSTAY_HOME": str(tmp_path / "home")}) == str(tmp_path / "home")
    with pytest.raises(MainstayError, match="cannot make /proc/nowhere/home"):
        writable_home({"MAINSTAY_HOME": "/proc/nowhere/home"})


def test_a_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = prepared_home(str(tmp_path / "a" / "home"))

    assert os.stat(home).st_mode & 0o777 == 0o700


def test_a_home_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)

    with pytest.raises(UnsafeHome, match="others may write to it") as refused:
        checked_home(str(tmp_path))
    assert refused.value.hint == f"chmod 700 {tmp_path}"


def test_a_home_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    somebody_elses = str(tmp_path) if os.geteuid() == 0 else "/"

    with pytest.raises(UnsafeHome, match="belongs to user"):
        checked_home(somebody_elses)


def test_a_home_that_cannot_be_made_is_told_with_the_cause() -> None:
    with place_for_nobody() as folder:
        os.chmod(folder, 0o555)
        with as_nobody(), pytest.raises(MainstayError, match=r"^cannot make .*/home: Permission denied$") as refused:
            prepared_home(f"{folder}/home")

    assert "MAINSTAY_HOME" in refused.value.hint


def test_a_file_is_no_home(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(MainstayError, match="not a folder"):
        prepared_home(str(file))


def test_a_home_that_is_not_there_is_no_danger(tmp_path: Path) -> None:
    assert checked_home(str(tmp_path / "none")) == str(tmp_path / "none")


def test_a_home_too_deep_for_a_socket_is_refused() -> None:
    with pytest.raises(MainstayError, match="longer than 107 bytes"):
        socket_path("/" + "x" * 100)
