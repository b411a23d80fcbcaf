from pathlib import Path

import pytest

from .files import mistakes

JOB = "[apps.x]\ncommand = 'sleep 1'\n"
NO_ADDRESS = (
    "the app has no address at which it could be asked; write `bind`; or, where it binds by itself,"
    ' env = { PORT = "3000" } or health = { tcp = "HOST:PORT" }'
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("health = {}", "apps.x.health: does not say what is looked at; write `path`, `tcp` or `command`"),
        (
            "health = { interval = '1s' }",
            "apps.x.health: does not say what is looked at; write `path`, `tcp` or `command`",
        ),
        (
            "health = { command = 'true', tcp = '127.0.0.1:1' }",
            "apps.x.health.command: not together with `health.tcp`; one check tells whether it is well",
        ),
        (
            "health = '/x'",
            f"apps.x.health: {NO_ADDRESS}",
        ),
        (
            "health.tcp = true",
            f"apps.x.health: {NO_ADDRESS}",
        ),
        (
            "health.tcp = 'db.example.org:5432'",
            "apps.x.health.tcp: 'db.example.org' is not an address; no name is looked up: write an IP address,"
            " or localhost",
        ),
        ("health = '/x'\nenv = { PORT = 'http' }", f"apps.x.health: {NO_ADDRESS}"),
        ("notify = 'yes'", "apps.x.notify: must be true or false, not a text"),
        ("max_requests = 5", "apps.x.max_requests: goes with `app` only, not with `command`"),
        ("schedule = {}", 'apps.x.schedule: does not say when; write cron = "0 3 * * *"'),
        ("schedule = '@daily'\nbind = ':1'", "apps.x.bind: not together with `schedule`: a job serves nobody"),
        (
            "schedule = '@daily'\ninstances = 2",
            "apps.x.instances: not together with `schedule`: one run at a time is all there is",
        ),
        (
            "schedule = '@daily'\nhealth.command = 'true'",
            "apps.x.health: not together with `schedule`: nothing of it runs between two times",
        ),
        (
            "schedule = '@daily'\nrestart.schedule = '@daily'",
            "apps.x.restart.schedule: not together with `schedule`: a job is not reloaded",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_told(tmp_path: Path, text: str, told: str) -> None:
    assert [line.partition(": ")[2] for line in mistakes(tmp_path, f"{JOB}{text}\n")] == [told]


def test_only_a_program_says_by_itself_when_it_is_ready(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, "[apps.x]\napp = 'a:b'\nnotify = true\n")

    assert told.endswith(":3: apps.x.notify: goes with `command` or `script` only, not with `app`")


@pytest.mark.parametrize("schedule", ["schedule = '@daily'", "schedule = { cron = '@daily', overlap = 'queue' }"])
def test_a_web_app_is_no_job(tmp_path: Path, schedule: str) -> None:
    (told,) = mistakes(tmp_path, f"[apps.x]\napp = 'a:b'\n{schedule}\n")

    assert told.endswith(": goes with `command` or `script` only, not with `app`")


@pytest.mark.parametrize(
    "text",
    [
        "health = '/x'\nbind = ':1'",
        "health = '/x'\nenv = { PORT = '3000' }",
        "health = '/x'\nenvironments.production.env = { PORT = '3000' }",
        "health = '/x'\nincrement = 'ADMIN'\nenv = { ADMIN = '3000' }",
        "health.tcp = true\nenv = { PORT = '3000' }",
        "health.tcp = '127.0.0.1:5432'",
        "notify = true",
        "health.tcp = true\nbind = ':1'",
        "health.command = 'true'",
        "watchdog = '5s'",
        "watchdog = 'never'",
        "schedule = { cron = '0 3 * * *', timezone = 'Europe/Berlin', overlap = 'replace', timeout = '1h' }",
    ],
)
def test_keys_that_go_together_are_taken(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, f"{JOB}{text}\n") == []
