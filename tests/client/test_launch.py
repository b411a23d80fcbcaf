import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from mainstay.client import launch as launching
from mainstay.client.launch import LaunchFailed, daemon_command, daemon_environment, launch
from tests.cli.fake_daemon import FakeDaemon

ANSWERS = """
import json, os, socket
home = os.environ["MAINSTAY_HOME"]
facts = {"sid": os.getsid(0), "pid": os.getpid(), "cwd": os.getcwd()}
facts["files"] = [os.readlink(f"/proc/self/fd/{fd}") for fd in range(20) if os.path.exists(f"/proc/self/fd/{fd}")]
open(home + "/facts", "w").write(json.dumps(facts))
listener = socket.socket(socket.AF_UNIX)
listener.bind(home + "/daemon.sock")
listener.listen()
connection = listener.accept()[0]
connection.sendall(json.dumps({"mainstay": "0.1.0", "protocol": 1, "pid": os.getpid(), "home": home}).encode() + b"\\n")
connection.recv(1)
"""


def run_instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(launching, "daemon_command", lambda: [sys.executable, "-c", code])


def test_the_daemon_is_started_apart_from_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    run_instead(monkeypatch, ANSWERS)
    held, inherited = os.pipe()
    os.set_inheritable(inherited, True)

    with launch(str(home)) as client:
        facts = json.loads((home / "facts").read_text())

    assert client.pid == facts["pid"] == facts["sid"]
    assert (facts["cwd"], facts["files"]) == ("/", ["/dev/null", str(home / "daemon.log"), str(home / "daemon.log")])
    assert os.stat(home / "daemon.log").st_mode & 0o777 == 0o600
    os.close(held)
    os.close(inherited)


def test_a_daemon_that_ends_at_once_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daemon.log").write_text("of another time\n")
    run_instead(monkeypatch, "import sys; print('first'); sys.exit('state.json is broken')")

    with pytest.raises(LaunchFailed, match=r"it ended at once \(exit code 1\)") as raised:
        launch(str(tmp_path))
    assert sorted(raised.value.lines) == ["first", "state.json is broken"]
    assert raised.value.hint == f"its log is {tmp_path}/daemon.log"


def test_of_a_traceback_only_what_it_ends_with_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "print('before', flush=True); raise RuntimeError('no such luck')")

    with pytest.raises(LaunchFailed, match="it ended at once") as raised:
        launch(str(tmp_path))
    assert raised.value.lines == ("before", "RuntimeError: no such luck")


def test_what_the_system_refused_the_daemon_is_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "import os; os.mkdir('/proc/self/x')")

    with pytest.raises(LaunchFailed, match=r"daemon: /proc/self/x: No such file or directory$") as raised:
        launch(str(tmp_path))
    assert raised.value.lines == ()


def test_who_started_the_daemon_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "pass")
    with FakeDaemon(str(tmp_path / "theirs")), launch(str(tmp_path / "theirs")) as client:
        theirs = client.started
    run_instead(monkeypatch, ANSWERS)
    with launch(str(tmp_path / "ours")) as client:
        ours = client.started

    assert (theirs, ours) == (False, True)


def test_a_daemon_killed_at_its_start_is_told_by_its_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "import os; os.kill(os.getpid(), 9)")

    with pytest.raises(LaunchFailed, match="killed by SIGKILL"):
        launch(str(tmp_path))


def test_a_daemon_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "import time; print('hello', flush=True); time.sleep(5)")

    with pytest.raises(LaunchFailed, match=r"did not answer within 0.5 s \(pid [0-9]+\)"):
        launch(str(tmp_path), timeout=0.5)


def test_a_daemon_that_gives_way_to_another_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "pass")
    with FakeDaemon(str(tmp_path)), launch(str(tmp_path)) as client:
        assert client.pid == os.getpid()


def test_the_command_keeps_the_working_folder_and_the_environment_s_packages_off_the_path() -> None:
    program = Path(launching.__file__).parents[1] / "daemon" / "__main__.py"

    assert daemon_command() == [sys.executable, "-S", "-P", str(program)]


def test_the_daemon_finds_our_package_and_keeps_bytecode() -> None:
    made = daemon_environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "lib", "A": "b"}, "/h")

    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert (made["A"], made["MAINSTAY_HOME"]) == ("b", "/h")
    assert made["PYTHONPATH"] == str(Path(launching.__file__).parents[2])
    assert made["MAINSTAY_SITE"] == sysconfig.get_path("platlib")
