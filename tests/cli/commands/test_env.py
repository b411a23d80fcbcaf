import json
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, ok
from tests.cli.running import mainstay, on_terminal

VARIABLES = [
    {"name": "PATH", "value": "/bin:" * 100, "source": "base", "secret": False},
    {"name": "DATABASE_URL", "value": "postgresql://shop:hunter2@db/shop", "source": "file /srv/.env", "secret": False},
    {"name": "API_KEY", "value": "hunter3", "source": "env", "secret": False},
    {"name": "PLAIN", "value": "hunter4", "source": "env", "secret": True},
]


@pytest.fixture(autouse=True)
def answer(daemon: FakeDaemon) -> None:
    daemon.answers["env"] = ok({"app": "web", "slot": "web-0", "variables": VARIABLES})


def test_secrets_are_masked(home: Path) -> None:
    ran = mainstay(home, "env", "web")

    assert ran.code == 0
    assert "hunter" not in ran.out + ran.err
    assert "DATABASE_URL  file /srv/.env  postgresql://shop:********@db/shop\n" in ran.out
    assert "--show" in ran.err


def test_secrets_are_shown_when_asked(home: Path) -> None:
    ran = mainstay(home, "env", "web", "--show")

    assert [secret in ran.out for secret in ("hunter2", "hunter3", "hunter4")] == [True] * 3
    assert ran.err == ""


def test_json_is_masked_too(home: Path) -> None:
    shown = {variable["name"]: variable["value"] for variable in json.loads(mainstay(home, "env", "web", "--json").out)}

    assert list(shown) == ["API_KEY", "DATABASE_URL", "PATH", "PLAIN"]
    assert "hunter" not in str(shown)


def test_values_are_cut_on_a_terminal_and_whole_in_a_pipe(home: Path) -> None:
    assert "/bin:" * 100 in mainstay(home, "env", "web").out
    assert max(map(len, on_terminal(home, "env", "web", columns=80, NO_COLOR="1").out.splitlines())) <= 80
