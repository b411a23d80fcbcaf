"""A load generator that can say of every request what became of it.

Its own process: `python -m benchmarks.load --port 8000 --fresh 16 --keep-alive 16 --seconds 15` prints a tally as JSON.
A request is either answered in full with status 200, or it is lost, for exactly one reason. Nothing is tried again. The
client behaves as good clients do (RFC 9112, 9.6): it reconnects after `Connection: close`, and before it reuses an idle
connection it looks whether the server has closed it; neither is a loss. A request sent and reset is a loss.
"""

import argparse
import errno
import json
import random
import select
import signal
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.http import Incomplete, Parsed, parse_response

REQUEST_TIMEOUT = 10.0
RECEIVE_SIZE = 65536


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: how many connections of each kind, for how many seconds, with how much thinking in between.

    `think` is the mean of an exponential pause in seconds between an answer and the next request on a connection.
    """

    port: int
    fresh: int = 16
    keep_alive: int = 16
    seconds: float = 15.0
    think: float = 0.002
    path: str = "/"
    seed: int = 1
    timeout: float = REQUEST_TIMEOUT


@dataclass(slots=True)
class Tally:
    """What became of the requests of one kind; `latencies` are seconds, `slowest` is their maximum."""

    answered: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    reconnects: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def lost_total(self) -> int:
        """All requests that got no full answer."""
        return sum(self.lost.values())

    @property
    def slowest(self) -> float:
        """The longest wait for an answer, in seconds."""
        return max(self.latencies, default=0.0)


class Client:
    """One connection: sends a request, reads the answer, thinks, sends the next. It is told when it may act."""

    def __init__(self, plan: Plan, tally: Tally, *, keep: bool) -> None:
        self._plan = plan
        self._tally = tally
        self._keep = keep
        self._buffer = bytearray()
        self._unsent = b""
        self._began = 0.0
        self.sock: socket.socket | None = None
        self.busy = False
        self.wake_at = 0.0
        connection = "keep-alive" if keep else "close"
        self._request = (
            f"GET {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nConnection: {connection}\r\n\r\n".encode()
        )

    @property
    def wants_to_write(self) -> bool:
        """Whether it waits for the connection, or for room to send."""
        return bool(self._unsent)

    @property
    def deadline(self) -> float:
        """When the request in flight counts as lost (monotonic seconds)."""
        return self._began + self._plan.timeout

    def begin(self, now: float) -> None:
        """Start a request, on the kept connection when it still is one."""
        self._began = now
        self.busy = True
        self._buffer.clear()
        self._unsent = self._request
        if self.sock is not None and self._closed_while_idle():
            self._tally.reconnects += 1
            self.close()
        if self.sock is None:
            self._connect()
        else:
            self.writable()

    def _closed_while_idle(self) -> bool:
        assert self.sock is not None
        try:
            self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _connect(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = self.sock.connect_ex(("127.0.0.1", self._plan.port))
        if code not in (0, errno.EINPROGRESS):
            self._lose(reason_of(code))

    def writable(self) -> None:
        """Go on sending; also learns whether the connection was refused."""
        assert self.sock is not None
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._lose(reason_of(code))
            return
        try:
            sent = self.sock.send(self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(reason_of(error.errno or 0))
            return
        self._unsent = self._unsent[sent:]

    def readable(self) -> None:
        """Take what came; an answer that is whole ends the request."""
        assert self.sock is not None
        try:
            data = self.sock.recv(RECEIVE_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(reason_of(error.errno or 0))
            return
        self._buffer += data
        try:
            parsed = parse_response(bytes(self._buffer), ended=not data)
        except Incomplete:
            if not data:
                self._lose("eof in the response" if self._buffer else "eof before the response")
            return
        except ValueError:
            self._lose("not HTTP")
            return
        self._finish(parsed)

    def _finish(self, parsed: Parsed) -> None:
        if parsed.status != 200:
            self._lose(f"status {parsed.status}")
            return
        self._tally.answered += 1
        self._tally.latencies.append(time.monotonic() - self._began)
        self._rest(closing=parsed.closing or not self._keep)

    def give_up(self, reason: str) -> None:
        """Count the request in flight as lost."""
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        self._tally.lost[reason] += 1
        self._rest(closing=True)

    def _rest(self, *, closing: bool) -> None:
        if closing:
            self.close()
        self.busy = False
        self._unsent = b""
        self.wake_at = time.monotonic() + random.expovariate(1 / self._plan.think) if self._plan.think else 0.0

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def reason_of(code: int) -> str:
    """The reason a socket error stands for, as it is counted."""
    match code:
        case errno.ECONNREFUSED:
            return "refused"
        case errno.ECONNRESET | errno.EPIPE | errno.ECONNABORTED:
            return "reset"
        case _:
            return errno.errorcode.get(code, str(code)).lower()


class Generator:
    """Drives the clients on one epoll loop until the time is over, then waits for the answers still due."""

    def __init__(self, plan: Plan) -> None:
        random.seed(plan.seed)
        self.plan = plan
        self.fresh = Tally()
        self.kept = Tally()
        self._epoll = select.epoll()
        self._by_number: dict[int, Client] = {}
        self._watched: dict[Client, tuple[socket.socket, int]] = {}
        self._clients = [Client(plan, self.fresh, keep=False) for _ in range(plan.fresh)]
        self._clients += [Client(plan, self.kept, keep=True) for _ in range(plan.keep_alive)]
        self._ends = 0.0

    def stop(self) -> None:
        """Begin no more requests."""
        self._ends = 0.0

    def run(self) -> None:
        """Send until the plan's seconds are over and every request has its fate."""
        self._ends = time.monotonic() + self.plan.seconds
        while True:
            now = time.monotonic()
            going = now < self._ends
            for client in self._clients:
                if client.busy and now > client.deadline:
                    client.give_up("timeout")
                elif going and not client.busy and now >= client.wake_at:
                    client.begin(now)
                self._watch(client)
            if not going and not any(client.busy for client in self._clients):
                break
            self._wait(now)
        for client in self._clients:
            client.close()
        self._epoll.close()

    def _wait(self, now: float) -> None:
        nearest = min(client.deadline if client.busy else client.wake_at for client in self._clients)
        for number, _events in self._epoll.poll(min(max(nearest - now, 0.0), 0.05)):
            client = self._by_number[number]
            if client.wants_to_write:
                client.writable()
            else:
                client.readable()
            self._watch(client)

    def _watch(self, client: Client) -> None:
        """Watch the client's socket for what it waits for; an idle one is not watched, a closed one has left epoll."""
        wanted: tuple[socket.socket, int] | None = None
        if client.sock is not None and client.busy:
            wanted = (client.sock, select.EPOLLOUT if client.wants_to_write else select.EPOLLIN)
        known = self._watched.get(client)
        if known == wanted:
            return
        if wanted is None:
            if known is not None and known[0].fileno() >= 0:
                self._epoll.unregister(known[0])
            self._watched.pop(client, None)
            return
        if known is not None and known[0] is wanted[0]:
            self._epoll.modify(*wanted)
        else:
            self._epoll.register(*wanted)
            self._by_number[wanted[0].fileno()] = client
        self._watched[client] = wanted


def as_json(tally: Tally) -> dict[str, object]:
    """The tally's fields, latencies to 10 microseconds."""
    return {
        "answered": tally.answered,
        "lost": dict(tally.lost),
        "reconnects": tally.reconnects,
        "latencies": [round(seconds, 5) for seconds in tally.latencies],
    }


def main() -> int:
    """Run the plan of the command line; SIGTERM ends it early. Prints both tallies as one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks.load")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fresh", type=int, default=16)
    parser.add_argument("--keep-alive", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--think", type=float, default=0.002)
    parser.add_argument("--path", default="/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=REQUEST_TIMEOUT)
    generator = Generator(Plan(**vars(parser.parse_args())))
    signal.signal(signal.SIGTERM, lambda _number, _frame: generator.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    generator.run()
    tallies = {"fresh": as_json(generator.fresh), "kept": as_json(generator.kept)}
    json.dump(tallies, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
