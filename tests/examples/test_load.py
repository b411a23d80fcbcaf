"""The load script tells answers from losses."""

import subprocess
import sys
from pathlib import Path

from tests.examples.serving import EXAMPLES, ended, listening_socket, start_wsgi, until_it_answers, url_of


def load(url: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, str(EXAMPLES / "load.py"), url, "--seconds", "0.5", "--connections", "4"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_every_answer_is_counted_for_the_worker_that_gave_it(tmp_path: Path) -> None:
    listener = listening_socket()
    server = start_wsgi("notes:app", "flask_notes", listener, NOTES_DATABASE=f"{tmp_path}/notes.db", MAINSTAY_APP="web")
    with listener, ended(server):
        until_it_answers(server, f"{url_of(listener)}/whoami")

        done = load(f"{url_of(listener)}/whoami")

        assert (done.returncode, done.stderr) == (0, "")
        assert ", 0 lost\n" in done.stdout
        assert f"web-None (pid {server.pid})" in done.stdout


def test_a_refused_connection_is_a_loss() -> None:
    with listening_socket() as listener:
        url = url_of(listener)

    done = load(url)

    assert done.returncode == 1
    assert "LOST: ConnectionRefusedError" in done.stdout


def test_an_error_status_is_a_loss(tmp_path: Path) -> None:
    listener = listening_socket()
    server = start_wsgi("notes:app", "flask_notes", listener, NOTES_DATABASE=f"{tmp_path}/notes.db")
    with listener, ended(server):
        until_it_answers(server, f"{url_of(listener)}/whoami")

        done = load(f"{url_of(listener)}/nowhere")

        assert done.returncode == 1
        assert "LOST: status 404" in done.stdout
