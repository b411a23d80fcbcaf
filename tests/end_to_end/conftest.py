"""A home of its own for each test, and its daemon ended whatever happens."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.foreground import why_not_as_init
from tests.end_to_end.site import Site
from tests.waiting import until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A folder for apps, a MAINSTAY_HOME (short, as a socket's path has 107 bytes at most), and the command."""
    with tempfile.TemporaryDirectory(prefix="ms-") as home:
        made = Site(Path(home), tmp_path)
        yield made
        end(made)


@pytest.fixture(params=["as a command", "as the first process"])
def as_init(request: pytest.FixtureRequest) -> bool:
    """Whether a command in the foreground runs as the first process of a PID namespace."""
    if request.param == "as the first process" and (reason := why_not_as_init()):
        pytest.skip(reason)
    return bool(request.param == "as the first process")


def end(site: Site) -> None:
    """End the daemon of a site, and see that it has ended."""
    pid = site.daemon_pid()
    site.run("kill")
    if pid is not None and Path(f"/proc/{pid}").exists():
        try:
            until(lambda: not Path(f"/proc/{pid}/exe").exists(), 20)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
            raise
