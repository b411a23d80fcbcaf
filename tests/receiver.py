"""A web server that a webhook is pointed at: what came, and answers that the test chooses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Any: a body is whatever JSON was sent; a test looks at the keys it means.
Body = dict[str, Any]


class Receiver:
    """Listens on a port of its own. `answers` are the statuses to give, one after the other, then 200."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Keep it and answer."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.requests.append((self.path, dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str = "/hook", login: str = "") -> str:
        """Its address."""
        return f"http://{login}127.0.0.1:{self.port}{path}"

    @property
    def bodies(self) -> list[Body]:
        """What came, read as JSON."""
        return [json.loads(body) for _, _, body in list(self.requests)]

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    """A receiver, for as long as it is needed."""
    receiver = Receiver(*answers)
    try:
        yield receiver
    finally:
        receiver.close()
