"""A bare ASGI app that answers `1`."""

from by_path import Message, Receive, Send, asgi_by_path

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"1")]


async def one(_scope: Message, _receive: Receive, send: Send) -> None:
    """Answer with one byte."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"1"})


app = asgi_by_path({"/bare": one, "/logged": one})
