"""Item 11: CPU time that a session on Redis adds to a request that reads it, and to one that writes it."""

from benchmarks.added_section import Item, Limit, measured
from benchmarks.asks import SESSIONS, Ask, Pair
from benchmarks.contender import say
from benchmarks.results import Scope, Section
from benchmarks.stacks import Stack, gunicorn, node, uvicorn

READ, WRITE = "session read", "session write"
STARLETTE, FLASK = "mainstay.web on Starlette", "mainstay.web on Flask"
STARSESSIONS, FLASK_SESSION = "starsessions on Starlette", "Flask-Session"
CONNECT_REDIS = "express-session + connect-redis"


def _pairs(name: str, stack: Stack, *, ours: bool = False) -> tuple[Pair, Pair]:
    plain = Ask(stack, "/bare")
    return (
        Pair(name, READ, plain, Ask(stack, "/read", session=True), ours),
        Pair(name, WRITE, plain, Ask(stack, "/write", session=True, writes=True), ours),
    )


PAIRS = (
    *_pairs(STARLETTE, uvicorn("session_ours", "--no-access-log"), ours=True),
    *_pairs(STARSESSIONS, uvicorn("session_starsessions", "--no-access-log")),
    *_pairs(FLASK, gunicorn("session_ours_flask"), ours=True),
    *_pairs(FLASK_SESSION, gunicorn("session_flask_session")),
    *_pairs(CONNECT_REDIS, node("express.js")),
)
PEERS = ((STARLETTE, STARSESSIONS), (STARLETTE, CONNECT_REDIS), (FLASK, FLASK_SESSION))
ITEM = Item(
    "session",
    "11. Sessions on Redis",
    f"A session of about 250 bytes in a Redis of its own; {SESSIONS} sessions in turn. The page answers with a counter"
    " of the session, and what was counted is compared with what was asked. Some peers write the store on every"
    " request, also where the page only reads.",
    PAIRS,
    tuple(Limit(mine, peer, what) for what in (READ, WRITE) for mine, peer in PEERS),
)


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("CPU added by a session")
    return measured(ITEM, scope, with_ours=with_ours)
