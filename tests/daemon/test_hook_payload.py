"""What a hook is told, as JSON and as variables; none of the app's own secrets among it."""

import json

from mainstay.daemon.events_log import Event
from mainstay.daemon.hook_payload import environment_of_command, for_stdin, headline, payload
from mainstay.model.spec import AppSpec, Command, EnvLayer, Hook

EVENT: Event = {
    "seq": 7,
    "time": "2026-11-23T12:00:01.250Z",
    "level": "error",
    "event": "crash",
    "app": "web",
    "slot": "web-0",
    "text": "web-0@1 ended: exit code 3",
    "lines": ["one", "two\0\ud800"],
}
SPEC = AppSpec(
    "web", Command(("true",)), "/", env=(EnvLayer("base", {"PATH": "/bin"}), EnvLayer("env", {"API_KEY": "hunter2"}))
)


def test_a_command_is_given_the_base_and_the_event_and_no_variable_of_the_apps_own() -> None:
    values = environment_of_command(SPEC, payload(EVENT, 0))

    assert (values["PATH"], values["MAINSTAY_APP"], values["APP_ENV"]) == ("/bin", "web", "production")
    assert (values["MAINSTAY_EVENT"], values["MAINSTAY_SLOT"]) == ("crash", "web-0")
    assert values["MAINSTAY_TIME"] == "2026-11-23T12:00:01.250Z"
    assert values["MAINSTAY_TEXT"].endswith(": crash: web-0@1 ended: exit code 3")
    assert values["MAINSTAY_LINES"] == "one\ntwo\\0\\ud800"
    assert "hunter2" not in str(values)


def test_what_was_held_back_is_told() -> None:
    told = payload(EVENT, 12)

    assert told["suppressed"] == 12
    assert headline(told).endswith("exit code 3 (and 12 more since the last one)")


def test_a_command_reads_the_event_as_it_stands_in_the_file() -> None:
    told = json.loads(for_stdin(Hook("crash", ("mail",)), payload(EVENT, 0)))

    assert {key: told[key] for key in EVENT} == EVENT
    assert told["suppressed"] == 0
    assert told["host"]


def test_a_webhook_gets_a_text_that_a_chat_service_can_show() -> None:
    url, _, body = for_stdin(Hook("crash", url="https://a/b"), payload(EVENT, 0)).partition(b"\n")
    told = json.loads(body)

    assert url == b"https://a/b"
    assert told["event"] == "crash"
    assert told["text"].endswith("exit code 3\n```\none\ntwo\0\ud800\n```")
