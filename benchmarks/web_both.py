"""Item 12: CPU time that access log and session together add to one endpoint."""

from benchmarks.added_section import Item, Limit, measured
from benchmarks.asks import Ask, Pair
from benchmarks.contender import say
from benchmarks.results import Scope, Section
from benchmarks.stacks import Stack, gunicorn, node, uvicorn

READ, WRITE = "logged session read", "logged session write"
STARLETTE, FLASK = "mainstay.web on Starlette", "mainstay.web on Flask"
EXPRESS = "Express + morgan + express-session + connect-redis"
STARSESSIONS, FLASK_SESSION = "uvicorn --access-log + starsessions", "gunicorn --access-logfile + Flask-Session"


def _pairs(name: str, plain: Stack, full: Stack, prefix: str = "", *, ours: bool = False) -> tuple[Pair, Pair]:
    bare = Ask(plain, "/bare")
    return (
        Pair(name, READ, bare, Ask(full, f"{prefix}/read", logs=True, session=True), ours),
        Pair(name, WRITE, bare, Ask(full, f"{prefix}/write", logs=True, session=True, writes=True), ours),
    )


def _within(name: str, stack: Stack, prefix: str = "", *, ours: bool = False) -> tuple[Pair, Pair]:
    """Log and session are switched by the path."""
    return _pairs(name, stack, stack, prefix, ours=ours)


PAIRS = (
    *_within(STARLETTE, uvicorn("both_ours", "--no-access-log"), ours=True),
    *_pairs(
        STARSESSIONS,
        uvicorn("session_starsessions", "--no-access-log"),
        uvicorn("session_starsessions", "--access-log"),
    ),
    *_within(FLASK, gunicorn("both_ours_flask"), ours=True),
    *_pairs(
        FLASK_SESSION, gunicorn("session_flask_session"), gunicorn("session_flask_session", "--access-logfile", "-")
    ),
    *_within(EXPRESS, node("express.js"), "/both"),
)
PEERS = ((STARLETTE, EXPRESS), (STARLETTE, STARSESSIONS), (FLASK, FLASK_SESSION))
ITEM = Item(
    "web_both",
    "12. Access log and session together",
    "The same pages with a session on Redis and a line in the log, beside the bare page.",
    PAIRS,
    tuple(Limit(mine, peer, what) for what in (READ, WRITE) for mine, peer in PEERS),
)


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("CPU added by access log and session")
    return measured(ITEM, scope, with_ours=with_ours)
