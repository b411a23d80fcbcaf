"""starsessions on Starlette, with its sessions in Redis; each page loads its session."""

import os

from by_path import Message, Receive, Send, asgi_by_path
from redis.asyncio import Redis
from starlette.requests import HTTPConnection
from starlette_pages import PATHS, pages
from starsessions import SessionMiddleware, load_session
from starsessions.stores.redis import RedisStore

store = RedisStore(connection=Redis.from_url(os.environ["REDIS_URL"]))
plain = pages()


async def loading(scope: Message, receive: Receive, send: Send) -> None:
    """Load the session, as its SessionAutoloadMiddleware does for every path."""
    await load_session(HTTPConnection(scope, receive))
    await plain(scope, receive, send)


sessions = SessionMiddleware(loading, store=store, lifetime=1209600, cookie_https_only=False)
app = asgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, sessions)})
