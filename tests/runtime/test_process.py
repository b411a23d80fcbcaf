"""From the entry to the work."""

import sys

import pytest

from mainstay.runtime.process import run, write_lines_at_once
from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon
from tests.waiting import until


def test_a_start_by_hand_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["template", "main:app"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_a_stream_that_cannot_be_configured_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    write_lines_at_once()


def test_what_an_app_prints_is_seen_at_once(daemon: FakeDaemon) -> None:
    daemon.write("main.py", f"import time\nprint('one line')\ntime.sleep(3600)\n{apps.ASGI}")

    daemon.begin_to_load("main:app")

    assert until(lambda: daemon.out.text) == "one line\n"
