"""Ready-made clients (redis-py, valkey-py; single, Sentinel or cluster) as carriers. Nothing of theirs is imported."""

import asyncio
import inspect
from collections.abc import Awaitable
from typing import Protocol

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.resp import Reply, ReplyError
from mainstay.web.sessions.stores.wire import TimedOut

_SERVER_SAID_NO = {"ResponseError"}  # and all classes derived from it, of whichever of the two libraries


class Client(Protocol):
    """What a client must have."""

    def execute_command(self, name: str, /, *arguments: bytes) -> object:
        """Send a command; returns the reply, or a coroutine that does. The name is text: clusters look it up."""


def is_async(client: Client) -> bool:
    """Whether it is one for asyncio."""
    return inspect.iscoroutinefunction(client.execute_command) or ".asyncio" in type(client).__module__


def check_client(client: object, *, asynchronous: bool) -> None:
    """Raise TypeError or ValueError, with what to do, where a client cannot be used."""
    if not hasattr(client, "execute_command"):
        raise TypeError(f"client={type(client).__name__} is no client of Redis: it has no execute_command()")
    found = is_async(client)
    if asynchronous and not found:
        raise TypeError("RedisStore takes a client from redis.asyncio; for a blocking client use SyncRedisStore")
    if found and not asynchronous:
        raise TypeError("SyncRedisStore takes a blocking client; for one from redis.asyncio use RedisStore")
    options = _options(client)
    if options.get("decode_responses"):
        raise ValueError(
            "the client decodes what it reads, but sessions are bytes: make it with decode_responses=False"
        )
    if not asynchronous and "host" in options and options.get("socket_timeout") is None:
        raise ValueError("the client has no socket_timeout, so a hung Redis would hang requests: socket_timeout=0.25")


def _options(client: object) -> dict[str, object]:
    for name in ("connection_pool", "nodes_manager"):
        options = getattr(getattr(client, name, None), "connection_kwargs", None)
        if isinstance(options, dict):
            return options
    options = getattr(client, "connection_kwargs", None)
    return options if isinstance(options, dict) else {}


def where_of(client: object) -> str:
    """What to call its server in a message; never with a password."""
    options = _options(client)
    if "path" in options:
        return f"Redis at {options['path']}"
    if "host" in options:
        return f"Redis at {options['host']}:{options.get('port', 6379)}"
    return f"Redis (of the given {type(client).__name__})"


class AsyncClient:
    """A Carrier through an asyncio client. Its pool and retries are its own; the time limit is ours."""

    def __init__(self, client: Client, where: str, timeout: float) -> None:
        self._client = client
        self._where = where
        self._timeout = timeout

    async def call(self, *arguments: bytes) -> Reply:
        """As Carrier.call."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = self._client.execute_command(arguments[0].decode(), *arguments[1:])
                return await answer if isinstance(answer, Awaitable) else answer
        except TimeoutError:
            raise TimedOut(f"{self._where} did not answer within {self._timeout * 1000:g} ms") from None
        except Exception as cause:
            return _translated(cause, self._where)

    async def distrust(self) -> None:
        """As Carrier.distrust: which server it talks to is the client's business."""

    async def close(self) -> None:
        """As Carrier.close: whoever made the client closes it."""


class SyncClient:
    """A Carrier through a blocking client; its calls never suspend. The time limit is the client's socket_timeout."""

    def __init__(self, client: Client, where: str) -> None:
        self._client = client
        self._where = where

    async def call(self, *arguments: bytes) -> Reply:
        """As Carrier.call."""
        try:
            return self._client.execute_command(arguments[0].decode(), *arguments[1:])
        except Exception as cause:
            return _translated(cause, self._where)

    async def distrust(self) -> None:
        """As Carrier.distrust: which server it talks to is the client's business."""

    async def close(self) -> None:
        """As Carrier.close: whoever made the client closes it."""


def _translated(cause: Exception, where: str) -> ReplyError:
    """An error reply for what the server answered; StoreError, raised, for all else."""
    classes = {one.__name__ for one in type(cause).__mro__}
    if not classes & _SERVER_SAID_NO:
        raise StoreError(f"cannot reach {where}: {type(cause).__name__}: {cause}") from None
    text = str(cause)
    if "NoScriptError" in classes and not text.startswith("NOSCRIPT"):
        text = f"NOSCRIPT {text}"  # these libraries take some codes off the text and make classes of them
    if "ReadOnlyError" in classes and not text.startswith("READONLY"):
        text = f"READONLY {text}"
    return ReplyError(text)
