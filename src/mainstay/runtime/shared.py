"""What all connections of a worker share."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from mainstay.runtime.http_head import lines_of


class Shared(ServerState):
    """The connections, the running requests and the settings; uvicorn's protocols expect this of their server."""

    def __init__(self, config: uvicorn.Config, loop: asyncio.AbstractEventLoop, state: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.loop = loop
        self.state = state
        self.asgi_version = config.asgi_version
        self.app: Any = config.loaded_app
        self.head = b""

    def renew(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Take the headers that are the server's own, in every response."""
        self.default_headers = headers
        self.head = lines_of(headers)

    def is_busy(self) -> bool:
        """Whether there is a connection, or a request that is still being answered."""
        # A task that was cancelled before it began has not left the set.
        return bool(self.connections) or any(not task.done() for task in self.tasks)

    def close_idle(self, seconds: float) -> None:
        """Close the connections that were answered `seconds` ago and have said nothing since."""
        before = self.loop.time() - seconds
        for connection in list(self.connections):
            answered_at = getattr(connection, "answered_at", None)
            if answered_at is not None and answered_at <= before:
                connection.transport.close()
