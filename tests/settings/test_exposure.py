from pathlib import Path

import pytest

from mainstay.settings.exposure import exposed, readers


@pytest.mark.parametrize(("mode", "who"), [(0o600, ""), (0o400, ""), (0o640, "its group"), (0o644, "everybody")])
def test_the_mode_says_who_may_read(tmp_path: Path, mode: int, who: str) -> None:
    file = tmp_path / "x"
    file.touch()
    file.chmod(mode)

    assert readers(str(file)) == who


def test_an_open_file_is_only_told_of_when_a_secret_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(0o644)
    file.chmod(0o644)

    assert exposed(str(file), ["PORT", "API_KEY"]) == f"everybody can read API_KEY in it; chmod 600 {file}"
    assert exposed(str(file), ["PORT"]) == ""


def test_a_closed_file_is_not_told_of(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(0o600)

    assert exposed(str(file), ["API_KEY"]) == ""
