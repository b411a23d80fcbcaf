from typing import Any

import pytest

from mainstay.cli.serving import exit_code


def app(*exits: tuple[int | None, str | None, bool]) -> Any:  # Any: the part of an AppDetail that is looked at
    slots = [{"exits": [{"code": code, "signal": name, "asked": asked}]} for code, name, asked in exits]
    return {"slots": slots}


@pytest.mark.parametrize(
    ("apps", "code"),
    [
        ([app((0, None, False))], 0),
        ([app((3, None, False))], 3),
        ([app((None, "SIGSEGV", False))], 139),
        ([app((None, None, False))], 1),
        ([app((0, None, False), (4, None, False))], 4),
        ([app((3, None, True))], 0),
        ([app((None, "SIGKILL", True))], 0),
        ([app((3, None, False)), app((0, None, False))], 1),
        ([app((0, None, False)), app((0, None, False))], 0),
        ([app()], 0),
        ([], 0),
    ],
)
def test_the_exit_code_says_how_it_ended(apps: list[Any], code: int) -> None:
    assert exit_code(apps) == code
