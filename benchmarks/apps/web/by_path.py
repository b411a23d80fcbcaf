"""One process that serves several apps, each under its path: what differs is then not where memory happens to lie."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

# ASGI and WSGI leave the values of scopes, messages and environments open.
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Message, Receive, Send], Awaitable[None]]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def asgi_by_path(apps: Mapping[str, ASGI]) -> ASGI:
    """The ASGI app that hands each request to the app of its path."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        await apps[scope["path"]](scope, receive, send)

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def wsgi_by_path(apps: Mapping[str, WSGI]) -> WSGI:
    """The WSGI app that hands each request to the app of its path."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return apps[environ["PATH_INFO"]](environ, start_response)

    return app
