from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.running import Daemon, running


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that is up, with nothing in it."""
    with running(tmp_path / "home") as found:
        yield found
