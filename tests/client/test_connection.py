import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.client.connection import Client, Cut, Refused, Unanswered, open_connection
from mainstay.errors import MainstayError
from mainstay.protocol.framing import PROTOCOL, ProtocolError, Reader
from mainstay.protocol.messages import Done, Failed, Greeting, Notice, Request
from tests.cli.fake_daemon import FakeDaemon, Json, ok, refused
from tests.client.nobody import as_nobody, place_for_nobody
from tests.waiting import until


def connected(daemon: FakeDaemon) -> Client:
    client = open_connection(f"{daemon.home}/daemon.sock")
    assert client is not None
    return client


def test_the_reply_to_a_question_comes_back(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["ping"] = ok({"pid": 5})
        with connected(daemon) as client:
            result = client.ask("ping", {"a": 1})

    assert result == {"pid": 5}
    assert daemon.requests == [{"v": PROTOCOL, "id": 1, "verb": "ping", "args": {"a": 1}}]


def test_several_questions_go_over_one_connection(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon, connected(daemon) as client:
        assert [client.ask("list") for _ in range(3)] == [{"rows": []}] * 3


def test_notices_are_told_as_they_come(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with FakeDaemon(str(tmp_path)) as daemon:
        notice = {"notice": {"text": "web-0 is starting", "app": "web"}}
        daemon.answers["start"] = lambda _args: iter([notice, notice, {"ok": None}])
        with connected(daemon) as client:
            client.ask("start", on_notice=lambda text, app: told.append((text, app)))

    assert told == [("web-0 is starting", "web")] * 2


def test_what_the_daemon_refuses_is_raised_with_all_it_says(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon:
        more = {"hint": "did you mean web?", "lines": ["a", "b"], "result": {"apps": ["jobs"]}}
        daemon.answers["stop"] = refused("no app is called wbe", exit_code=3, **more)
        with connected(daemon) as client, pytest.raises(Refused) as raised:
            client.ask("stop")

    error = raised.value
    assert (error.message, error.hint, error.lines) == ("no app is called wbe", "did you mean web?", ("a", "b"))
    assert (error.exit_code, error.result) == (3, {"apps": ["jobs"]})


def test_what_the_typed_messages_write_is_understood() -> None:
    """The client reads plain dicts; the daemon writes `protocol.messages`. This holds them together."""
    ours, theirs = socket.socketpair()
    theirs.sendall(Greeting("0.1.0", 7, "/h").encode())
    theirs.sendall(Notice(1, "half", "web").encode() + Done(1, {"x": 1}).encode())
    theirs.sendall(Failed(2, "no", "hint", ("line",), 3, {"y": 2}).encode())
    client = Client(ours)
    client.greet(deadline=float("inf"))
    told: list[str] = []

    with client:
        result = client.ask("list", on_notice=lambda text, _app: told.append(text))
        with pytest.raises(Refused) as raised:
            client.ask("stop")

    requests = [Request.parse(message) for message in Reader().feed(theirs.recv(65536))]
    theirs.close()
    assert (client.version, client.pid, client.home) == ("0.1.0", 7, "/h")
    assert (result, told, raised.value.lines, raised.value.result) == ({"x": 1}, ["half"], ("line",), {"y": 2})
    assert [request.verb for request in requests] == ["list", "stop"]


def test_nobody_listens_where_there_is_no_socket(tmp_path: Path) -> None:
    assert open_connection(str(tmp_path / "daemon.sock")) is None


def test_a_stale_socket_counts_as_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.sock")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)

    assert open_connection(path) is None


def test_a_daemon_of_another_protocol_is_named(tmp_path: Path) -> None:
    greeting = {"mainstay": "9.0", "protocol": 9, "pid": 77}
    words = r"\(pid 77\): it is mainstay 9.0 with protocol 9, this is"
    with FakeDaemon(str(tmp_path), greeting=greeting) as daemon, pytest.raises(MainstayError, match=words) as raised:
        connected(daemon)

    assert "kill 77" in raised.value.hint


def test_a_socket_of_somebody_else_is_named_with_its_owner() -> None:
    with place_for_nobody() as folder, socket.socket(socket.AF_UNIX) as theirs:
        path = f"{folder}/daemon.sock"
        theirs.bind(path)
        theirs.listen()
        os.chmod(path, 0)
        owner = pwd.getpwuid(os.geteuid()).pw_name

        with as_nobody() as is_other, pytest.raises(MainstayError, match=r": Permission denied$") as raised:
            open_connection(path)

    assert raised.value.hint.startswith(f"it belongs to user {owner}: " if is_other else "")


def test_a_daemon_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.sock")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()

        with pytest.raises(Unanswered, match="says nothing"):
            open_connection(path, timeout=0.2)


def test_a_daemon_that_takes_no_connection_is_given_up(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.sock")
    with socket.socket(socket.AF_UNIX) as stuck, socket.socket(socket.AF_UNIX) as first:
        stuck.bind(path)
        stuck.listen(0)
        first.connect(path)

        with pytest.raises(Unanswered, match="takes no connections"):
            open_connection(path, timeout=0.2)


def test_a_daemon_that_goes_away_is_told_from_a_refusal(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["kill"] = lambda _args: iter([{"hang up": True}])
        with connected(daemon) as client, pytest.raises(Cut, match="closed the connection before it answered"):
            client.ask("kill")


def test_an_answer_that_is_none_is_a_protocol_error(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["ping"] = lambda _args: iter([{"nonsense": True}])
        with connected(daemon) as client, pytest.raises(ProtocolError):
            client.ask("ping")


def test_time_that_passes_is_told(tmp_path: Path) -> None:
    ticks: list[int] = []

    def when_told(_args: Json) -> Iterator[Json]:
        until(lambda: ticks)
        yield {"ok": "done"}

    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["stop"] = when_told
        with connected(daemon) as client:
            result = client.ask("stop", on_wait=lambda: ticks.append(1))

    assert result == "done"


def test_the_end_of_a_daemon_is_seen(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["kill"] = lambda _args: iter([{"ok": None}, {"hang up": True}])
        with connected(daemon) as client:
            client.ask("kill")

            assert client.hung_up(30)


def test_a_daemon_that_stays_is_seen_too(tmp_path: Path) -> None:
    with FakeDaemon(str(tmp_path)) as daemon, connected(daemon) as client:
        assert not client.hung_up(0.1)
