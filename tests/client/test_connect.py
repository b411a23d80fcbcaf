import os
import signal
import socket
import tempfile
from pathlib import Path

import pytest

from mainstay.client.connect import NotRunning, connect, has_state
from tests.cli.fake_daemon import FakeDaemon
from tests.waiting import until


def test_the_daemon_of_the_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path))
    with FakeDaemon(str(tmp_path)), connect() as client:
        assert client.home == str(tmp_path)


def test_looking_starts_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("MAINSTAY_HOME", str(home))

    with pytest.raises(NotRunning, match=f"MAINSTAY_HOME is {home}"):
        connect()
    assert not home.exists()


def test_a_stale_socket_is_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "daemon.sock"))

    with pytest.raises(NotRunning):
        connect()


def test_apps_of_before_are_known_by_the_state_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path))
    before = has_state()
    (tmp_path / "state.json").touch()

    assert (before, has_state()) == (False, True)


def test_a_daemon_that_was_killed_is_brought_back_by_whatever_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="ms-") as home:
        monkeypatch.setenv("MAINSTAY_HOME", home)
        with connect(start=True) as client:
            first = client.pid
        os.kill(first, signal.SIGKILL)
        with connect() as client:
            second = client.pid
            client.ask("kill")
        # It writes to its home until its end.
        until(lambda: not Path(f"/proc/{second}/exe").exists(), what="the end of the daemon")

        assert second != first


def test_a_daemon_of_another_boot_was_not_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    (tmp_path / "running.jsonl").write_text('{"format": 1, "boot": "another"}\n')

    with pytest.raises(NotRunning):
        connect()
