"""A program that logs, for each test one."""

from pathlib import Path

import pytest

from tests.web.accesslog.programs import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """In a folder of its own."""
    return Program(tmp_path)
