"""What the tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A MAINSTAY_HOME in which nothing is."""
    return tmp_path / "home"


@pytest.fixture
def daemon(home: Path) -> Iterator[FakeDaemon]:
    """A fake daemon that listens in `home`."""
    with FakeDaemon(str(home)) as running:
        yield running
