"""The measured Starlette pages: `/login` begins a session, `/read` reads and `/write` counts up."""

from session_data import DATA
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def bare(_request: Request) -> PlainTextResponse:
    """Answer without a session."""
    return PlainTextResponse("1")


async def login(request: Request) -> PlainTextResponse:
    """Begin a session."""
    request.session.update(DATA)
    return PlainTextResponse("1")


async def read(request: Request) -> PlainTextResponse:
    """Answer with the session's counter."""
    return PlainTextResponse(str(request.session["count"]))


async def write(request: Request) -> PlainTextResponse:
    """Count up."""
    request.session["count"] += 1
    return PlainTextResponse(str(request.session["count"]))


def pages() -> Starlette:
    """All of them."""
    all_pages = {"/bare": bare, "/login": login, "/read": read, "/write": write}
    return Starlette(routes=[Route(path, page) for path, page in all_pages.items()])


PATHS = ("/login", "/read", "/write")
