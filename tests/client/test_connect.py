import socket
from pathlib import Path

import pytest

from mainstay.client.connect import NotRunning, connect, has_state
from tests.cli.fake_daemon import FakeDaemon


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
