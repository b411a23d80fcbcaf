"""Keeps asking a URL while you reload, kill and restart, and says whether an answer was lost.

    python examples/load.py http://127.0.0.1:8000/whoami --seconds 20

Half of the clients open a new connection for each request, half keep theirs. Standard library only. For figures use
`./scripts/bench`: this is for watching.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Tally:
    """What happened to the requests of all clients together."""

    answered: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count_answer(self, worker: str, seconds: float) -> None:
        """A complete 200, from `worker`."""
        with self.lock:
            self.answered[worker] += 1
            self.slowest = max(self.slowest, seconds)

    def count_loss(self, why: str) -> None:
        """Anything else."""
        with self.lock:
            self.lost[why] += 1


def worker_in(body: bytes) -> str:
    """Who answered, where the body is that of /whoami."""
    try:
        who = json.loads(body)
        return f"{who['app']}-{who['instance']} (pid {who['pid']})"
    except (ValueError, KeyError, TypeError):
        return "answers"


def client(url: str, keep: bool, end: float, tally: Tally) -> None:
    """Ask until `end`, on one connection or on a new one each time."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=30)
    while time.monotonic() < end:
        started = time.monotonic()
        try:
            connection.request("GET", path, headers={} if keep else {"Connection": "close"})
            response = connection.getresponse()
            body = response.read()
            if response.status == 200:
                tally.count_answer(worker_in(body), time.monotonic() - started)
            else:
                tally.count_loss(f"status {response.status}")
        except (OSError, http.client.HTTPException) as error:
            tally.count_loss(f"{type(error).__name__}: {error}")
            connection.close()
            time.sleep(0.05)
    connection.close()


def report(tally: Tally, seconds: float) -> None:
    """Print what came of it."""
    answered, lost = tally.answered.total(), tally.lost.total()
    print(f"{answered} answered ({answered / seconds:.0f} a second, slowest {tally.slowest:.2f} s), {lost} lost")
    for worker, count in sorted(tally.answered.items()):
        print(f"  {count:7} {worker}")
    for why, count in tally.lost.most_common(5):
        print(f"  {count:7} LOST: {why}")


def main() -> int:
    """The command; exit code 1 when an answer was lost, or none came."""
    parser = argparse.ArgumentParser(description="Keep asking a URL and say whether an answer was lost.")
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    tally = Tally()
    end = time.monotonic() + arguments.seconds
    clients = [
        threading.Thread(target=client, args=(arguments.url, number % 2 == 0, end, tally))
        for number in range(arguments.connections)
    ]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    report(tally, arguments.seconds)
    return 0 if tally.answered and not tally.lost else 1


if __name__ == "__main__":
    sys.exit(main())
