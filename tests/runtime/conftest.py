"""What the runtime's tests share: a stand-in for the daemon in a folder of its own, with one or either engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.fake_daemon import FakeDaemon


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path) as fake:
        yield fake


@pytest.fixture(params=["uvicorn", "granian"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path, engine=request.param) as fake:
        yield fake
