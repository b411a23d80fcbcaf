"""Requests in threads over raw sockets, and how many were lost: asked, and not answered whole."""

import socket
import threading
from types import TracebackType

from tests.runtime.fake_daemon import ask, connect
from tests.waiting import until


class Load:
    """Half of the threads keep their connection until they are told to close it; half make a new one each time."""

    def __init__(self, listener: socket.socket, threads: int = 8) -> None:
        self._listener = listener
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number % 2 == 0,)) for number in range(threads)]
        self.answered: set[int] = set()  # the pids that did
        self.count = 0
        self.lost: list[str] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, pid: int) -> None:
        """Wait until this worker has answered."""
        until(lambda: pid in self.answered)

    def _run(self, keep: bool) -> None:
        client: socket.socket | None = None
        while not self._stop.is_set():
            try:
                client = client or connect(self._listener)
                status, headers, body = ask(client)
                assert status == 200
                self.answered.add(int(body))
                self.count += 1
            except (OSError, ValueError, AssertionError) as error:
                self.lost.append(f"{'kept' if keep else 'fresh'}: {error!r}")
                headers = {"connection": "close"}
            if client is not None and (not keep or headers.get("connection") == "close"):
                client.close()
                client = None
        if client is not None:
            client.close()
