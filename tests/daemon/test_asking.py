from typing import Any

import pytest

from mainstay.core.events import Apply, Decide, Delete, Kill, Reload, Reset, Restart, Scale, Signal, Start, Stop
from mainstay.daemon.asking import event_of, selectors
from mainstay.errors import UsageError
from mainstay.model.codec import dump
from mainstay.model.spec import EnvLayer
from tests.daemon.running import command

SPEC = command("web", "sleep", "1000")
ONE = {"selectors": ["web"]}
SHELL = EnvLayer("shell", {"A": "1"})


@pytest.mark.parametrize(
    ("verb", "args", "event"),
    [
        ("start", ONE, Start(7, ("web",))),
        ("stop", ONE, Stop(7, ("web",))),
        ("delete", ONE, Delete(7, ("web",))),
        ("reset", ONE, Reset(7, ("web",))),
        ("apply", {"specs": [dump(SPEC)], "mode": "start"}, Apply(7, (SPEC,))),
        ("apply", {"specs": [dump(SPEC)], "mode": "reload"}, Apply(7, (SPEC,), reload=True)),
        ("restart", ONE, Restart(7, ("web",))),
        ("restart", ONE | {"env_layers": [dump(EnvLayer("base", {})), dump(SHELL)]}, Restart(7, ("web",), SHELL)),
        ("reload", ONE, Reload(7, ("web",))),
        ("reload", ONE | {"canary": 10}, Reload(7, ("web",), canary=10)),
        ("rollout", ONE | {"action": "continue"}, Decide(7, ("web",), True)),
        ("rollout", ONE | {"action": "abort"}, Decide(7, ("web",), False)),
        ("scale", {"app": "web", "to": "+2"}, Scale(7, "web", "+2")),
        ("signal", ONE | {"signal": "SIGUSR1"}, Signal(7, ("web",), 10)),
        ("signal", ONE | {"signal": "hup"}, Signal(7, ("web",), 1)),
        ("kill", {}, Kill(7)),
        ("list", {}, None),
        ("dance", {}, None),
    ],
)
def test_a_request_becomes_the_event_it_means(verb: str, args: dict[str, object], event: object) -> None:
    assert event_of(verb, dict(args), 7) == event


def huge(field: str) -> dict[str, Any]:
    spec = dump(SPEC)
    assert isinstance(spec, dict)
    return spec | {field: 10**400}


@pytest.mark.parametrize(
    ("verb", "args", "cause"),
    [
        ("stop", {}, "no app was named"),
        ("stop", {"selectors": []}, "no app was named"),
        ("stop", {"selectors": "web"}, "no app was named"),
        ("stop", {"selectors": ["web", 3]}, "no app was named"),
        ("apply", {}, "cannot read the request"),
        ("apply", {"specs": []}, "no app is given"),
        ("apply", {"specs": [{"type": "AppSpec"}]}, "name is missing"),
        ("apply", {"specs": [huge("stop_timeout")]}, "cannot read the request"),
        ("apply", {"specs": [dump(SPEC), dump(SPEC)]}, "two apps are called web"),
        ("restart", ONE | {"env_layers": [3]}, "cannot read the request"),
        ("reload", ONE | {"canary": 0}, "1 to 99 percent"),
        ("reload", ONE | {"canary": 100}, "1 to 99 percent"),
        ("reload", ONE | {"canary": "10"}, "1 to 99 percent"),
        ("rollout", ONE | {"action": "wait"}, "`continue` or `abort`"),
        ("scale", {"app": "web"}, "to must be a text"),
        ("scale", {"app": 3, "to": "1"}, "app must be a text"),
        ("signal", ONE | {"signal": "SIGNOTHING"}, "there is no signal"),
        ("signal", ONE | {"signal": "999"}, "there is no signal"),
        ("signal", ONE | {"signal": "²"}, "there is no signal"),
        ("signal", ONE, "there is no signal"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(verb: str, args: dict[str, object], cause: str) -> None:
    with pytest.raises(UsageError) as refused:
        event_of(verb, dict(args), 7)

    assert cause in refused.value.message


def test_selectors_keep_their_order() -> None:
    assert selectors({"selectors": ["b", "a"]}) == ("b", "a")
