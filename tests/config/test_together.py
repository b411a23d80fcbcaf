from pathlib import Path

import pytest

from .files import mistakes

JOB = "[apps.x]\ncommand = 'sleep 1'\n"


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
            'apps.x.health: the app has no address; write `bind`, or tcp = "127.0.0.1:PORT" where it binds by itself',
        ),
        (
            "health.tcp = true",
            "apps.x.health.tcp: the app has no address; write `bind`, or "
            'tcp = "127.0.0.1:PORT" where it binds by itself',
        ),
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


@pytest.mark.parametrize("schedule", ["schedule = '@daily'", "schedule = { cron = '@daily', overlap = 'queue' }"])
def test_a_web_app_is_no_job(tmp_path: Path, schedule: str) -> None:
    (told,) = mistakes(tmp_path, f"[apps.x]\napp = 'a:b'\n{schedule}\n")

    assert told.endswith(": goes with `command` or `script` only, not with `app`")


@pytest.mark.parametrize(
    "text",
    [
        "health = '/x'\nbind = ':1'",
        "health.tcp = '127.0.0.1:5432'",
        "health.tcp = true\nbind = ':1'",
        "health.command = 'true'",
        "watchdog = '5s'",
        "watchdog = 'never'",
        "schedule = { cron = '0 3 * * *', timezone = 'Europe/Berlin', overlap = 'replace', timeout = '1h' }",
    ],
)
def test_keys_that_go_together_are_taken(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, f"{JOB}{text}\n") == []
