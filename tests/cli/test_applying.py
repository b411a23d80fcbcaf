from pathlib import Path

import pytest

from mainstay.cli.applying import apply_specs, show_outcomes
from mainstay.cli.terminal import Console
from mainstay.client.connection import Client, Refused, open_connection
from mainstay.model.spec import AppSpec, Command, PythonApp, TcpBind, UnixBind
from tests.cli.fake_daemon import FakeDaemon, Json
from tests.cli.terminals import pipe, written

ARGS: dict[str, object] = {"mode": "start", "only": False}


def sleeper(name: str, source: str) -> AppSpec:
    return AppSpec(name, Command(("sleep", "60")), "/", source=source)


def connected(daemon: FakeDaemon) -> Client:
    client = open_connection(f"{daemon.home}/daemon.sock")
    assert client is not None
    return client


def outcome(app: str) -> Json:
    return {"app": app, "outcome": "started", "changes": [], "message": ""}


def test_the_specs_of_one_file_go_together(daemon: FakeDaemon) -> None:
    daemon.answers["apply"] = lambda args: iter([{"ok": {"apps": [outcome(s["name"]) for s in args["specs"]]}}])
    specs = [sleeper("a", "/one.toml"), sleeper("b", "/two.toml"), sleeper("c", "/one.toml")]

    with connected(daemon) as client:
        outcomes = apply_specs(client, specs, ARGS, Console(pipe(), pipe()), quiet=True)

    assert [args["source"] for args in daemon.asked("apply")] == ["/one.toml", "/two.toml"]
    assert [o["app"] for o in outcomes] == ["a", "c", "b"]


def test_a_refusal_carries_what_was_done_before_it(daemon: FakeDaemon) -> None:
    def second_fails(args: Json) -> object:
        if args["source"] == "/two.toml":
            return iter([{"error": {"message": "no"}}])
        return iter([{"ok": {"apps": [outcome("a")]}}])

    daemon.answers["apply"] = second_fails  # type: ignore[assignment]
    specs = [sleeper("a", "/one.toml"), sleeper("b", "/two.toml")]

    with connected(daemon) as client, pytest.raises(Refused) as raised:
        apply_specs(client, specs, ARGS, Console(pipe(), pipe()), quiet=True)
    assert raised.value.result == {"apps": [outcome("a")]}


def test_a_web_app_s_addresses_are_told(home: Path) -> None:
    console = Console(pipe(), pipe())
    web = AppSpec("web", PythonApp("m:a", "/py"), str(home), binds=(TcpBind("::1", 80), UnixBind("/x.sock")))

    show_outcomes([{"app": "web", "outcome": "started", "changes": [], "message": ""}], [web], console)

    assert written(console.out) == "web started, serves http://[::1]:80, unix:/x.sock\n"
