"""Item 10: CPU time that an access log adds to a request."""

from fractions import Fraction

from benchmarks.added_section import Item, Limit, measured
from benchmarks.asks import Ask, Pair
from benchmarks.contender import say
from benchmarks.results import Scope, Section
from benchmarks.stacks import Stack, gunicorn, node, uvicorn

WHAT = "access log"
ASGI, WSGI, MORGAN = "mainstay.web on uvicorn", "mainstay.web on gunicorn", "Express + morgan"
WITH_ID = "mainstay.web on uvicorn, with request ids"
UVICORN, GUNICORN, ASGI_LOGGER = "uvicorn --access-log", "gunicorn --access-logfile", "asgi-logger on uvicorn"


def _within(name: str, stack: Stack, *, ours: bool = False) -> Pair:
    """The part is switched by the path."""
    return Pair(name, WHAT, Ask(stack, "/bare"), Ask(stack, "/logged", logs=True), ours)


def _between(name: str, plain: Stack, full: Stack) -> Pair:
    """The part is switched by an option of the server."""
    return Pair(name, WHAT, Ask(plain, "/logged"), Ask(full, "/logged", logs=True))


THIRD = Fraction(1, 3)
QUIET = uvicorn("bare_asgi_one", "--no-access-log")
PAIRS = (
    _within(ASGI, uvicorn("log_ours", "--no-access-log"), ours=True),
    _within(WITH_ID, uvicorn("log_ours_with_id", "--no-access-log"), ours=True),
    _between(UVICORN, QUIET, uvicorn("bare_asgi_one", "--access-log")),
    _within(ASGI_LOGGER, uvicorn("log_asgi_logger", "--no-access-log")),
    _within(WSGI, gunicorn("log_ours_wsgi"), ours=True),
    _between(GUNICORN, gunicorn("bare_wsgi_one"), gunicorn("bare_wsgi_one", "--access-logfile", "-")),
    _within(MORGAN, node("express.js")),
)
ITEM = Item(
    "access_log",
    "10. Access log",
    "A line per request in the format `combined`, to a file: morgan's, gunicorn's own (the same fields), asgi-logger"
    " with the same fields, ours; uvicorn's own has a format of its own with fewer. The app answers with one byte."
    " None of the peers gives a request an id, as ours does where it is not told otherwise: it is measured both ways.",
    PAIRS,
    (Limit(ASGI, MORGAN, WHAT, THIRD), Limit(ASGI, UVICORN, WHAT, THIRD), Limit(WSGI, GUNICORN, WHAT)),
)


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("CPU added by the access log")
    return measured(ITEM, scope, with_ours=with_ours)
