import pytest

from mainstay.cli.applying import Missed, applications, in_turn, places, plan, with_removals
from mainstay.cli.terminal import Console
from mainstay.client.connection import Client, Refused, open_connection
from mainstay.model.spec import AppSpec, Command, PythonApp, TcpBind, UnixBind
from tests.cli.fake_daemon import FakeDaemon, Json, came_of, ok, refused
from tests.cli.terminals import pipe

CONSOLE = Console(pipe(), pipe())


def sleeper(name: str, source: str) -> AppSpec:
    return AppSpec(name, Command(("sleep", "60")), "/", source=source)


def connected(daemon: FakeDaemon) -> Client:
    client = open_connection(f"{daemon.home}/daemon.sock")
    assert client is not None
    return client


def test_the_specs_of_one_file_go_together() -> None:
    specs = [sleeper("a", "/one.toml"), sleeper("b", "/two.toml"), sleeper("c", "/one.toml")]

    requests = applications(specs, {"mode": "start", "only": False})

    names = [[spec["name"] for spec in args["specs"]] for _, args in requests]  # type: ignore[attr-defined]
    assert names == [["a", "c"], ["b"]]
    assert [(verb, args["source"], args["mode"]) for verb, args in requests] == [
        ("apply", "/one.toml", "start"),
        ("apply", "/two.toml", "start"),
    ]


def test_requests_in_turn_have_one_result(daemon: FakeDaemon) -> None:
    left: Json = {"pid": 7, "name": "x"}
    daemon.answers |= {"start": ok(came_of("a", "started")), "stop": ok(came_of("b", "stopped", survivors=[left]))}

    with connected(daemon) as client:
        result = in_turn(client, [("start", {}), ("stop", {})], CONSOLE, quiet=True)

    assert [outcome["app"] for outcome in result["apps"]] == ["a", "b"]
    assert result["survivors"] == [left]


def test_a_refusal_carries_what_was_done_all_the_same(daemon: FakeDaemon) -> None:
    daemon.answers |= {"start": ok(came_of("a", "started")), "apply": refused("no", result=came_of("b", "failed"))}
    daemon.answers["stop"] = ok(came_of("c", "stopped"))

    with connected(daemon) as client, pytest.raises(Refused) as raised:
        in_turn(client, [("start", {}), ("apply", {}), ("stop", {})], CONSOLE, quiet=True)
    assert isinstance(raised.value.result, dict)
    assert [outcome["app"] for outcome in raised.value.result["apps"]] == ["a", "b", "c"]


def test_all_refusals_are_told(daemon: FakeDaemon) -> None:
    daemon.answers |= {"start": refused("cannot start a"), "stop": refused("cannot stop b")}

    with connected(daemon) as client, pytest.raises(Refused) as raised:
        in_turn(client, [("start", {}), ("stop", {})], CONSOLE, quiet=True)
    assert raised.value.message == "cannot start a\ncannot stop b"


def missed(prune: bool) -> Missed:
    return Missed(CONSOLE, whole=True, prune=prune)


def removal(app: str, in_the_way: bool = False) -> Json:
    return {"app": app, "action": "remove", "way": "", "changes": [], "in_the_way": in_the_way}


def test_what_a_file_has_no_more_is_removed_last_but_for_what_is_in_the_way(daemon: FakeDaemon) -> None:
    daemon.answers["plan"] = ok({"apps": [removal("old"), removal("web", in_the_way=True)]})
    specs = [sleeper("a", "/one.toml")]
    requests = applications(specs, {})

    with connected(daemon) as client:
        asked = with_removals(client, requests, specs, missed(prune=True))
        unasked = with_removals(client, requests, specs, missed(prune=False))

    assert asked == [("delete", {"selectors": ["web"]}), *requests, ("delete", {"selectors": ["old"]})]
    assert unasked == requests


def test_nothing_is_missed_where_no_file_was_named(daemon: FakeDaemon) -> None:
    with connected(daemon) as client:
        with_removals(client, [], [sleeper("a", "")], missed(prune=True))
        with_removals(client, [], [sleeper("a", "/x")], Missed(CONSOLE, whole=False, prune=False))

    assert daemon.asked("plan") == []


def test_a_plan_of_single_apps_misses_nothing(daemon: FakeDaemon) -> None:
    with connected(daemon) as client:
        plan(client, [sleeper("a", "/x")], whole=False)
        plan(client, [sleeper("a", "/x")], whole=True)

    assert [asked["source"] for asked in daemon.asked("plan")] == ["", "/x"]


def test_a_web_app_s_addresses_are_told() -> None:
    web = AppSpec("web", PythonApp("m:a", "/py"), "/", binds=(TcpBind("::1", 80), UnixBind("/x.sock")))

    assert places([web, sleeper("jobs", "")]) == {"web": "http://[::1]:80, unix:/x.sock"}
