"""Requests that try to make a line that is none, and what the lines they leave must look like."""

import base64
import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TEXTS = ("combined", "common", "default", "short", "tiny", "dev")
FORMATS = (*TEXTS, "json")
ANSWERED = b"x-answered: by the app"

ASGI = f"""
from mainstay.web.accesslog import AccessLog

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    headers = [(b"x-answered", b"by the app"), (b"content-length", b"2")]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": b"ok"}})

for name in {FORMATS!r}:
    app = AccessLog(app, to=name + ".log", format=name)
app = AccessLog(app, format=":pid :status")
"""

WSGI = f"""
from mainstay.web.accesslog import WSGIAccessLog

def app(environ, start_response):
    start_response("200 OK", [("x-answered", "by the app"), ("content-length", "2")])
    return [b"ok"]

for name in {FORMATS!r}:
    app = WSGIAccessLog(app, to=name + ".log", format=name)
app = WSGIAccessLog(app, format=":pid :status")
"""

_HEAD = b"Host: a.example\r\nConnection: close\r\n"


def _basic(byte: bytes) -> bytes:
    return b"Authorization: Basic " + base64.b64encode(b"us" + byte + b'er" 200 "-" "x":password')


_PLACES: list[Callable[[bytes], bytes]] = [
    lambda byte: b"GET /pa" + byte + b"th HTTP/1.1\r\n" + _HEAD + b"\r\n",
    lambda byte: b"GET /pa%%%02Xth HTTP/1.1\r\n" % byte[0] + _HEAD + b"\r\n",
    lambda byte: b"GET /?que" + byte + b"ry HTTP/1.1\r\n" + _HEAD + b"\r\n",
    lambda byte: b"GET / HTTP/1.1\r\n" + _HEAD + b"User-Agent: ag" + byte + b"ent\r\n\r\n",
    lambda byte: b"GET / HTTP/1.1\r\n" + _HEAD + b"Referer: http://re" + byte + b"ferrer/\r\n\r\n",
    lambda byte: b"GET / HTTP/1.1\r\n" + _HEAD + _basic(byte) + b"\r\n\r\n",
    lambda byte: b"G" + byte + b"T / HTTP/1.1\r\n" + _HEAD + b"\r\n",
]
REQUESTS = [place(bytes([byte])) for place in _PLACES for byte in range(256)]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_USER = r'(?:[^"\\]|\\.)+?'
_CLF, _WEB = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]", r"\[\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\]"
_SIZE = r"(?:2|-)"
_TIME = r"\d+\.\d{3} ms"
_URL = r'(?:[^"\\]|\\.)+'
SHAPES = {
    "combined": rf"127\.0\.0\.1 - {_USER} {_CLF} {_QUOTED} 200 {_SIZE} {_QUOTED} {_QUOTED}",
    "common": rf"127\.0\.0\.1 - {_USER} {_CLF} {_QUOTED} 200 {_SIZE}",
    "default": rf"127\.0\.0\.1 - {_USER} {_WEB} {_QUOTED} 200 {_SIZE} {_QUOTED} {_QUOTED}",
    "short": rf"127\.0\.0\.1 {_USER} \S+ {_URL} HTTP/1\.1 200 {_SIZE} - {_TIME}",
    "tiny": rf"\S+ {_URL} 200 {_SIZE} - {_TIME}",
    "dev": rf"\S+ {_URL} 200 {_TIME} - {_SIZE}",
}
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def ask(port: int, request: bytes) -> bytes:
    """Send it in a connection of its own; what came back until the server closed it, or was quiet for long."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as sock:
        try:
            sock.sendall(request)
            while part := sock.recv(65536):
                answer += part
        except OSError:  # reset, or the server waits for the rest of what it takes for half a request
            pass
    return answer


def shoot(port: int) -> int:
    """Send all of them; how many the app has answered."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: ask(port, request), REQUESTS))
    return sum(answer.lower().count(ANSWERED) for answer in answers)


def what_is_wrong(folder: Path, answered: int) -> list[str]:
    """Of the logs in a folder: lines too many or too few, and lines of another shape."""
    wrong = []
    for name in FORMATS:
        lines = (folder / f"{name}.log").read_bytes().decode().split("\n")
        assert lines.pop() == ""
        if len(lines) != answered:
            wrong.append(f"{name}: {len(lines)} lines for {answered} answers")
        wrong += [f"{name}: {line!r}" for line in lines if _CONTROLS.search(line) or not _fits(name, line)]
    return wrong


def _fits(name: str, line: str) -> bool:
    if name != "json":
        return re.fullmatch(SHAPES[name], line) is not None
    record = json.loads(line)
    return isinstance(record, dict) and record["status"] == 200 and record["bytes"] in (0, 2)
