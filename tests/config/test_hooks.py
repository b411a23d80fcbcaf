import pytest

from mainstay.config.hooks import EVENTS, hooks, together
from mainstay.config.problems import Refused
from mainstay.model.happening import HOOKED
from mainstay.model.spec import Hook


def test_a_hook_is_a_command_or_a_webhook() -> None:
    assert hooks({"on_crash": "notify 'the ops'"}) == {"on_crash": Hook("crash", ("notify", "the ops"))}
    assert hooks({"on_crash": ["notify", "ops"]}) == {"on_crash": Hook("crash", ("notify", "ops"))}
    assert hooks({"on_stop": {"url": "https://a.example/x"}}) == {"on_stop": Hook("stop", url="https://a.example/x")}


def test_a_table_may_say_how_often() -> None:
    found = hooks({"on_crash": {"command": "notify", "interval": "5m"}})

    assert found == {"on_crash": Hook("crash", ("notify",), interval=300.0)}


def test_an_app_changes_what_the_file_says_for_all() -> None:
    of_file = hooks({"on_stop": "a", "on_crash": "a", "on_start": "a"})

    assert together(of_file, hooks({"on_crash": "b", "on_start": False})) == (
        Hook("crash", ("b",)),
        Hook("stop", ("a",)),
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], ['must be a table like { on_crash = ["notify", "me"] }, not a list']),
        ({"on_crsh": "x"}, ["no such event; did you mean `on_crash`?"]),
        ({"on_crash": 1}, ["must be a command, a table with `url`, or false, not a number"]),
        ({"on_crash": ""}, ["must not be empty"]),
        ({"on_crash": "https://a.example"}, ['is an address, not a command; write { url = "https://a.example" }']),
        ({"on_crash": {}}, ['takes one of `command` and `url`; write { url = "https://..." }, or the command itself']),
        ({"on_crash": {"url": "ftp://x"}}, ["'ftp://x' is no address for a webhook"]),
        ({"on_crash": {"url": "https://[x"}}, ["'https://[x' is no address for a webhook"]),
        ({"on_crash": {"url": "https://x", "often": 1}}, ["no such key; its keys are command, url, interval"]),
        ({"on_crash": {"url": "https://x", "interval": "soon"}}, ["not a time: 'soon'"]),
        ({"on_x": 1, "on_stop": 2}, ["no such event", "must be a command"]),
    ],
)
def test_what_is_wrong_is_told(value: object, told: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        hooks(value)

    found = [f"{error.text}; {error.hint}" for error in (caught.value, *caught.value.others)]
    assert [text.startswith(start) for text, start in zip(found, told, strict=True)] == [True] * len(told), found


def test_whatever_calls_hooks_can_be_declared() -> None:
    assert set(EVENTS) == {f"on_{kind.value}" for kind in HOOKED}
