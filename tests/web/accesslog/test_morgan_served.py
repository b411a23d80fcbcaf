"""The same lines as the real morgan 1.12.1 when both are served: raw requests to Node and to uvicorn."""

import asyncio
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from mainstay.web.accesslog import AccessLog
from tests.npm import installed
from tests.servers.account import program
from tests.waiting import until
from tests.web.accesslog.original import ORACLE, PACKAGE, environ

FORMAT = (
    ':remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length]'
    ' ":referrer" ":user-agent" :req[x-a] :req[cookie] :res[x-part] :response-time'
)
HOST = b"Host: a.example\r\n"
CLOSING = HOST + b"Connection: close\r\n"
REQUESTS = {
    "plain": b"GET / HTTP/1.1\r\n" + CLOSING + b"\r\n",
    "query": b"GET /a/b?c=d&e=%0A%22?f HTTP/1.1\r\n" + CLOSING + b"\r\n",
    "encoded path": b"GET /%0a%1b%22%5c/%C3%A9 HTTP/1.1\r\n" + CLOSING + b"\r\n",
    "quotes": b"GET /\"a'b\\ HTTP/1.1\r\n" + CLOSING + b'User-Agent: a"b\\c\r\nReferer: \\\\x"\r\n\r\n',
    "latin-1": b"GET / HTTP/1.1\r\n" + CLOSING + b"User-Agent: caf\xe9 \x80\x9b\xff\r\nX-A: \xc3\xa9\r\n\r\n",
    "tabs": b"GET / HTTP/1.1\r\n" + CLOSING + b"User-Agent: a\tb\r\nX-A:   c\r\n\r\n",
    "several": b"GET /several HTTP/1.1\r\n" + CLOSING + b"X-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    "several agents": b"GET / HTTP/1.1\r\n"
    + CLOSING
    + b"User-Agent: 1\r\nUser-Agent: 2\r\nReferer: 1\r\nReferer: 2\r\n\r\n",
    "referrer": b"GET / HTTP/1.1\r\n" + CLOSING + b"Referrer: 1\r\nReferrer: 2\r\n\r\n",
    "user": b"GET / HTTP/1.1\r\n" + CLOSING + b"Authorization: Basic dGo6c2VjcmV0\r\n\r\n",
    "forging user": b"GET / HTTP/1.1\r\n" + CLOSING + b"Authorization: Basic YQpiIjp4\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\n\r\n",
    "missing": b"GET /missing HTTP/1.1\r\n" + CLOSING + b"\r\n",
    "posted": b"POST /p HTTP/1.1\r\n" + CLOSING + b"Content-Length: 3\r\n\r\nabc",
    "deleted": b"DELETE /x HTTP/1.1\r\n" + CLOSING + b"\r\n",
    "options": b"OPTIONS /x HTTP/1.1\r\n" + CLOSING + b"\r\n",
}
MASKED = re.compile(r"\[\d\d/\w{3}/\d{4}:[\d:]{8} \+0000\]|\d+\.\d{3}$")


async def app(scope: Any, _receive: Any, send: Any) -> None:
    """As `answer` of the script."""
    if scope["type"] != "http":
        return
    head = [(b"x-part", b"a"), (b"x-part", b"b")] if scope["path"].startswith("/several") else []
    status = 404 if scope["path"].startswith("/missing") else 200
    await send({"type": "http.response.start", "status": status, "headers": [*head, (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@contextmanager
def node() -> Iterator[tuple[int, list[str]]]:
    """The port of a Node server with morgan, and the lines it writes."""
    argv, pipe = [program("node"), str(ORACLE), "serve", FORMAT], subprocess.PIPE
    with subprocess.Popen(
        argv, cwd=installed(PACKAGE), env=environ(), stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = process.stdout
        lines: list[str] = []
        port = int(output.readline())
        reading = threading.Thread(target=lines.extend, args=(iter(output.readline, ""),))
        reading.start()
        try:
            yield port, lines
        finally:
            process.stdin.close()
            process.wait(10)
            reading.join(10)


class Lines(list[str]):
    """A stream."""

    def write(self, line: str) -> None:
        self.append(line)


@contextmanager
def served(http: str) -> Iterator[tuple[int, list[str]]]:
    """The port of uvicorn with our log, and the lines we write."""
    lines = Lines()
    logged = AccessLog(app, format=FORMAT, compat="morgan", to=lines, request_id=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            logged, http=http, log_config=None, access_log=False, lifespan="off", server_header=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            until(lambda: server.started)
            yield listening.getsockname()[1], lines
        finally:
            server.should_exit = True
            thread.join(20)


def answers(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as connection, connection.makefile("rb") as answer:
        connection.sendall(request)
        return answer.read()


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_both_log_the_same_line_for_a_raw_request(http: str) -> None:
    with node() as (theirs, expected), served(http) as (ours, lines):
        for number, (name, request) in enumerate(REQUESTS.items(), 1):
            assert answers(theirs, request).startswith(b"HTTP/1.1 "), name
            assert answers(ours, request).startswith(b"HTTP/1.1 "), name
            until(lambda number=number: len(lines) == number)  # type: ignore[misc]
    assert len(expected) == len(REQUESTS)

    for name, theirs_line, ours_line in zip(REQUESTS, expected, lines, strict=True):
        assert MASKED.sub("~", ours_line) == MASKED.sub("~", theirs_line), name
        assert len(MASKED.findall(ours_line)) == 2, ours_line
