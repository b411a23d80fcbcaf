import os
import signal
import socket
import stat
from collections.abc import Iterator

import pytest

from mainstay.client.connection import Cut
from mainstay.errors import RemoteError
from mainstay.model.codec import dump
from mainstay.protocol.framing import LIMIT, Reader, encode
from mainstay.sys import procfs
from tests.daemon.running import Daemon, command, shell
from tests.waiting import until


class Raw:
    """A client that says whatever bytes it likes."""

    def __init__(self, daemon: Daemon) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(daemon.socket)
        self.reader = Reader()
        self.inbox: list[dict[str, object]] = []
        self.greeting = self.hear()

    def say(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # the daemon has hung up; what it said last can be read

    def hear(self) -> dict[str, object] | None:
        """The next message; None at the end."""
        while not self.inbox:
            try:
                data = self.sock.recv(1 << 18)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.inbox += self.reader.feed(data)
        return self.inbox.pop(0)


@pytest.fixture
def raw(daemon: Daemon) -> Iterator[Raw]:
    client = Raw(daemon)
    yield client
    client.sock.close()


def request(verb: str, number: int = 1, **args: object) -> bytes:
    return encode({"v": 1, "id": number, "verb": verb, "args": args})


def test_the_socket_is_for_its_owner_alone(daemon: Daemon) -> None:
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o600


def test_a_client_is_greeted(daemon: Daemon, raw: Raw) -> None:
    assert raw.greeting is not None
    assert (raw.greeting["pid"], raw.greeting["home"]) == (daemon.pid, str(daemon.home))


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"garbage\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b"{}\0\n", "a NUL byte"),
        (b"[1]\n", "not an object"),
        (b"[" * 100000 + b"\n", "nested too deeply"),
        (b'{"v":9,"id":1,"verb":"ping"}\n', "protocol 9"),
        (b'{"v":1,"id":"x","verb":"ping"}\n', "id must be a whole number"),
        (b'{"v":1,"id":1,"verb":"ping","args":3}\n', "args must be an object"),
        (b'{"v":1,"id":1,"verb":"ping","surprise":3}\n', "surprise"),
        (b"x" * (LIMIT + (1 << 20)), "a line of more than"),
    ],
    ids=["text", "empty", "bytes", "NUL", "list", "deep", "protocol", "id", "args", "key", "17 MiB"],
)
def test_a_client_that_sends_garbage_is_told_and_let_go(daemon: Daemon, raw: Raw, data: bytes, cause: str) -> None:
    raw.say(data)
    answer = raw.hear()

    assert answer is not None
    assert cause in str(answer["error"])
    assert raw.hear() is None
    assert daemon.is_well()


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("nothing", {}),
        ("apply", {}),
        ("apply", {"specs": []}),
        ("apply", {"specs": [3]}),
        ("stop", {}),
        ("stop", {"selectors": "web"}),
        ("stop", {"selectors": [3]}),
        ("stop", {"selectors": ["nothing"]}),
        ("describe", {"selectors": []}),
        ("env", {}),
        ("env", {"selector": ["x"]}),
        ("scale", {"app": 3, "to": "2"}),
        ("scale", {"app": "none", "to": "²"}),
        ("signal", {"selectors": ["all"], "signal": "²"}),
        ("signal", {"selectors": ["all"], "signal": None}),
        ("reload", {"selectors": ["all"], "canary": 100}),
        ("rollout", {"selectors": ["all"]}),
        ("streams", {"selectors": ["nothing"]}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(daemon: Daemon, verb: str, args: dict[str, object]) -> None:
    with pytest.raises(RemoteError) as refused:
        daemon.ask(verb, **args)

    assert refused.value.exit_code in (1, 2, 3)
    assert daemon.is_well()


def test_a_request_in_pieces_is_answered_when_it_is_whole(raw: Raw) -> None:
    for byte in request("ping"):
        raw.say(bytes([byte]))

    answer = raw.hear()
    assert answer is not None
    assert answer["id"] == 1


def test_many_requests_at_once_are_answered_in_order(raw: Raw) -> None:
    raw.say(b"".join(request("ping", number) for number in range(100)))

    answers = [raw.hear() for _ in range(100)]
    assert [answer["id"] for answer in answers if answer] == list(range(100))


def test_a_client_that_leaves_in_the_middle_of_a_line_leaves_nothing_behind(daemon: Daemon) -> None:
    before = daemon.fds()
    for _ in range(20):
        client = Raw(daemon)
        client.say(request("ping")[:-5])
        client.sock.close()

    assert daemon.fds() == before


def test_a_client_that_leaves_before_its_reply_has_its_request_carried_out(daemon: Daemon) -> None:
    client = Raw(daemon)
    client.say(request("apply", specs=[dump(command("jobs", "sleep", "1000"))], mode="start"))
    client.sock.close()

    until(lambda: daemon.rows() and daemon.row("jobs-0")["status"] == "online")


def test_a_client_that_never_reads_does_not_hold_up_the_others(daemon: Daemon) -> None:
    before = daemon.fds()
    daemon.apply(*(command(f"sleep{i}", "sleep", "1000") for i in range(5)))
    client = Raw(daemon)
    client.sock.setblocking(False)
    asked = request("describe", selectors=["all"]) * 50
    blocked = 0

    def is_read_no_more() -> bool:
        nonlocal blocked
        try:
            client.sock.send(asked)
            blocked = 0
        except BlockingIOError:
            blocked += 1
        assert daemon.is_well()
        return blocked > 50

    until(is_read_no_more, 100, "requests that wait")
    assert (procfs.rss(daemon.pid) or 0) < 64 * 1024 * 1024
    client.sock.close()
    daemon.delete("all")
    until(lambda: daemon.fds() == before)


def test_two_hundred_clients_at_once_are_answered(daemon: Daemon) -> None:
    before = daemon.fds()
    clients = [daemon.connect() for _ in range(200)]
    for client in clients:
        assert client.ask("ping")["pid"] == daemon.pid

    for client in clients:
        client.close()
    assert daemon.fds() == before


def test_a_client_that_waits_is_cut_off_when_the_daemon_is_killed(daemon: Daemon) -> None:
    with daemon.connect() as client:
        os.kill(daemon.pid, signal.SIGKILL)

        with pytest.raises(Cut):
            client.ask("ping")


def test_the_socket_is_gone_when_the_daemon_has_ended(daemon: Daemon) -> None:
    daemon.apply(shell("jobs", "sleep 1000"))
    daemon.ask("kill")
    daemon.process.wait(30)

    assert not os.path.exists(daemon.socket)
    assert daemon.process.returncode == 0
