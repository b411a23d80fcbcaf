"""A bare ASGI handler: what a server costs when the app costs nothing."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# ASGI leaves the values of scopes and messages open.
Message = MutableMapping[str, Any]

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"13")]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer `/` with 13 bytes and `/whoami` with the process id."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["path"] == "/":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"Hello, world!"})
        return
    body = f'{{"pid": {os.getpid()}, "version": "good"}}'.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
