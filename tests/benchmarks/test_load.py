"""Every request has exactly one fate: the load generator's accounting against servers that misbehave on purpose."""

import errno
import select
import socket
import threading
import time

import pytest

from benchmarks.load import Client, Generator, Plan, Tally, as_json, reason_of
from benchmarks.loading import loading
from tests.benchmarks.fake_server import (
    BUSY,
    HALF,
    OK,
    OK_CHUNKED,
    OK_CLOSE,
    Conduct,
    FakeServer,
    always,
    reset,
    take_request,
)
from tests.waiting import until


def run(port: int, *, fresh: int = 0, keep_alive: int = 0, timeout: float = 5.0, seconds: float = 0.4) -> Generator:
    """Load in this process, to its end."""
    generator = Generator(Plan(port, fresh, keep_alive, seconds, think=0.001, timeout=timeout))
    generator.run()
    return generator


def has_input(sock: socket.socket | None) -> bool:
    """Whether something waits to be read, the end of the connection included."""
    return sock is not None and bool(select.select([sock], [], [], 0)[0])


def one_request(client: Client) -> None:
    """Drive one client through one request, without the generator's loop."""
    client.begin(time.monotonic())
    while client.busy and client.sock is not None:
        if client.wants_to_write:
            select.select([], [client.sock], [], 5.0)
            client.writable()
        else:
            select.select([client.sock], [], [], 5.0)
            client.readable()


class Counted:
    """Counts what a conduct really did, to be compared with what the generator says."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self._lock = threading.Lock()

    def answering(self, answer: bytes, per_connection: int) -> Conduct:
        """Answer that many requests on a connection, then close it."""

        def conduct(connection: socket.socket, _number: int) -> None:
            with self._lock:
                self.connections += 1
            for _ in range(per_connection):
                if not take_request(connection):
                    return
                with self._lock:
                    self.requests += 1
                connection.sendall(answer)

        return conduct


@pytest.mark.parametrize("answer", [OK, OK_CHUNKED])
def test_whole_answers_are_counted_and_nothing_is_lost(answer: bytes) -> None:
    with FakeServer(always(answer)) as server:
        generator = run(server.port, fresh=3, keep_alive=3)

    assert generator.fresh.answered > 3
    assert generator.kept.answered > 3
    assert not generator.fresh.lost
    assert not generator.kept.lost


def test_the_count_of_answers_is_what_the_server_has_answered() -> None:
    counted = Counted()
    with FakeServer(counted.answering(OK, per_connection=1_000_000)) as server:
        generator = run(server.port, fresh=4, keep_alive=4)

    assert generator.fresh.answered + generator.kept.answered == counted.requests
    assert counted.connections == generator.fresh.answered + 4
    assert len(generator.kept.latencies) == generator.kept.answered


def test_an_announced_close_is_no_loss() -> None:
    counted = Counted()
    with FakeServer(counted.answering(OK_CLOSE, per_connection=1)) as server:
        generator = run(server.port, keep_alive=4)

    assert generator.kept.answered == counted.requests == counted.connections
    assert not generator.kept.lost


def test_a_connection_closed_while_idle_is_opened_again_without_a_loss() -> None:
    closed = threading.Event()

    def conduct(connection: socket.socket, number: int) -> None:
        if number > 0:
            always(OK)(connection, number)
            return
        take_request(connection)
        connection.sendall(OK)
        connection.close()
        closed.set()

    with FakeServer(conduct) as server:
        generator = Generator(Plan(server.port, 0, 1, seconds=5.0, think=0.0, timeout=5.0))
        client = generator._clients[0]
        one_request(client)
        assert closed.wait(5.0)
        until(lambda: has_input(client.sock), 5.0, "the FIN")
        one_request(client)
        client.close()

    assert generator.kept.reconnects == 1
    assert generator.kept.answered == 2
    assert not generator.kept.lost


def test_a_refused_connection_is_lost_as_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    generator = run(port, fresh=2, keep_alive=2, seconds=0.1)

    assert set(generator.fresh.lost) == set(generator.kept.lost) == {"refused"}
    assert generator.fresh.lost_total > 1
    assert generator.fresh.answered == generator.kept.answered == 0


def test_a_reset_after_the_request_is_lost_as_reset() -> None:
    def conduct(connection: socket.socket, _number: int) -> None:
        take_request(connection)
        reset(connection)

    with FakeServer(conduct) as server:
        generator = run(server.port, fresh=2, keep_alive=2)

    assert set(generator.fresh.lost) == set(generator.kept.lost) == {"reset"}
    assert generator.fresh.answered == 0


def test_a_close_before_the_response_is_lost_as_such() -> None:
    def conduct(connection: socket.socket, _number: int) -> None:
        take_request(connection)

    with FakeServer(conduct) as server:
        generator = run(server.port, fresh=2)

    assert set(generator.fresh.lost) == {"eof before the response"}


def test_a_close_within_the_response_is_lost_as_such() -> None:
    def conduct(connection: socket.socket, _number: int) -> None:
        take_request(connection)
        connection.sendall(HALF)

    with FakeServer(conduct) as server:
        generator = run(server.port, fresh=2)

    assert set(generator.fresh.lost) == {"eof in the response"}


def test_another_status_is_lost_with_the_status_as_its_reason() -> None:
    with FakeServer(always(BUSY)) as server:
        generator = run(server.port, keep_alive=2)

    assert set(generator.kept.lost) == {"status 503"}
    assert generator.kept.answered == 0


def test_no_answer_in_time_is_lost_as_timeout_and_the_run_ends() -> None:
    def conduct(connection: socket.socket, _number: int) -> None:
        while take_request(connection):
            pass

    with FakeServer(conduct) as server:
        generator = run(server.port, fresh=2, keep_alive=1, timeout=0.2, seconds=0.1)

    assert generator.fresh.lost == {"timeout": 2}
    assert generator.kept.lost == {"timeout": 1}


def test_requests_in_flight_at_the_end_are_waited_for() -> None:
    release = threading.Event()

    def conduct(connection: socket.socket, _number: int) -> None:
        take_request(connection)
        release.wait(10.0)
        connection.sendall(OK_CLOSE)

    with FakeServer(conduct) as server:
        threading.Timer(0.3, release.set).start()
        generator = run(server.port, fresh=2, seconds=0.05)

    assert generator.fresh.answered == 2
    assert not generator.fresh.lost


def test_every_request_the_server_saw_has_one_fate() -> None:
    counted = Counted()
    answers = (OK, BUSY, HALF)

    def conduct(connection: socket.socket, number: int) -> None:
        counted.answering(answers[number % 3], per_connection=1)(connection, number)

    with FakeServer(conduct) as server:
        generator = run(server.port, fresh=4)

    fates = generator.fresh.answered + generator.fresh.lost_total
    assert fates == counted.requests
    assert set(generator.fresh.lost) == {"status 503", "eof in the response"}


def test_the_load_runs_in_a_process_of_its_own_and_hands_its_tallies_over() -> None:
    with FakeServer(always(OK)) as server, loading(Plan(server.port, 2, 2, seconds=0.4)) as load:
        found = load.finish()

    assert found.fresh.answered > 0
    assert found.kept.answered > 0
    assert found.lost == 0
    assert len(found.fresh.latencies) == found.fresh.answered


def test_a_load_can_be_stopped_early() -> None:
    with FakeServer(always(OK)) as server, loading(Plan(server.port, 1, 1, seconds=60.0)) as load:
        threading.Timer(1.0, load.stop).start()
        found = load.finish()

    assert found.lost == 0


def test_reasons_are_named_by_what_happened() -> None:
    assert reason_of(errno.ECONNREFUSED) == "refused"
    assert reason_of(errno.EPIPE) == "reset"
    assert reason_of(errno.EADDRNOTAVAIL) == "eaddrnotavail"


def test_a_tally_goes_into_json_with_its_reasons() -> None:
    tally = Tally(answered=1, latencies=[0.1234567])
    tally.lost["reset"] += 2

    assert as_json(tally) == {"answered": 1, "lost": {"reset": 2}, "reconnects": 0, "latencies": [0.12346]}
