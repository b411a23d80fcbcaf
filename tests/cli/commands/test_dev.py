import os
from pathlib import Path

import pytest

from tests.cli.running import mainstay


@pytest.mark.parametrize(
    "options", [("no-such-program-anywhere",), ("sleep 1", "--watch-dir", "/no/such/folder"), ("--reload",)]
)
def test_impossible_wishes_are_usage_errors_and_leave_nothing(
    home: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "tmp").mkdir()
    ran = mainstay(home, "dev", *options, TMPDIR=str(tmp_path / "tmp"))

    assert ran.code == 2
    assert os.listdir(tmp_path / "tmp") == []
