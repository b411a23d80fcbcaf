"""Calling a webhook: tried again when that may help, and silent about what is secret in its address."""

import os
import socket
import subprocess
import sys

import pytest

from mainstay.webhook import post
from tests.receiver import receiving

SECRET = "/services/T000/hunter2?token=hunter3"


def called(url: str, body: bytes = b"{}") -> tuple[str, list[float]]:
    """What came of a call, and the pauses between its tries."""
    pauses: list[float] = []
    return post.call(url, body, pauses.append), pauses


def test_the_text_is_posted_as_json_to_the_whole_address() -> None:
    with receiving() as receiver:
        assert called(receiver.url(SECRET), b'{"text":"hello"}') == ("", [])

    ((path, headers, body),) = receiver.requests
    assert (path, body) == (SECRET, b'{"text":"hello"}')
    assert headers["Content-Type"] == "application/json"


def test_a_login_is_sent_where_it_belongs() -> None:
    with receiving() as receiver:
        called(receiver.url(login="me:pass%20word@"))

    assert receiver.requests[0][1]["Authorization"] == "Basic bWU6cGFzcyB3b3Jk"
    assert "@" not in receiver.requests[0][1]["Host"]


@pytest.mark.parametrize(
    ("answers", "result", "pauses"),
    [
        ((500, 503), "", [1.0, 2.0]),
        ((429,), "", [1.0]),
        ((500, 500, 500), "it answered 500 (3 tries)", [1.0, 2.0]),
        ((404,), "it answered 404", []),
        ((302,), "it answered 302", []),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_else(
    answers: tuple[int, ...], result: str, pauses: list[float]
) -> None:
    with receiving(*answers) as receiver:
        said, waited = called(receiver.url(SECRET))

    assert said == (result and f"cannot call http://127.0.0.1:{receiver.port}: {result}")
    assert waited == pauses


def test_where_nobody_listens_it_says_so_without_the_secret() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said, _ = called(f"http://me:hunter1@127.0.0.1:{port}{SECRET}")

    assert said == f"cannot call http://127.0.0.1:{port}: Connection refused (3 tries)"


@pytest.mark.parametrize(
    "url", ["", "ftp://a/hunter2", "http:///hunter2", "http://[/hunter2", "http://a:b:c/hunter2\x01"]
)
def test_what_is_no_address_is_told_without_the_secret(url: str) -> None:
    said, _ = called(url)

    assert said
    assert "hunter2" not in said


def test_as_a_script_it_reads_all_from_its_input_and_tells_on_stderr() -> None:
    with receiving(404) as receiver:
        done = subprocess.run(
            [sys.executable, "-I", "-S", os.path.abspath(post.__file__)],
            input=f"{receiver.url(SECRET)}\n{{}}".encode(),
            capture_output=True,
            env={},
        )

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"cannot call http://127.0.0.1:{receiver.port}: it answered 404\n"
