"""The app: what it is made of, and the few addresses that show how it is being run."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from sqlalchemy import text
from starlette.types import ASGIApp

from mainstay.web.accesslog import AccessLog, Quiet
from mainstay.web.sessions import Sessions
from mainstay.web.sessions.stores.sqlite import SQLiteStore
from shop import api, pages
from shop.database import open_engine
from shop.sales import NotFound, SoldOut
from shop.seed import prepare
from shop.settings import settings, signing_secret
from shop.worker import this_worker


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the database when a worker starts and not at import: a connection must not be carried across a fork."""
    app.state.engine = open_engine()
    await run_in_threadpool(prepare, app.state.engine)
    yield
    app.state.engine.dispose()


def with_sessions(app: ASGIApp) -> ASGIApp:
    """Who the customer is, kept for all workers in one file beside the database. Called in each worker, not at import.

    `secure="auto"`: the demo is looked at over http. A shop that is only to be had over https leaves it out.
    """
    shop = settings()
    shop.database.parent.mkdir(parents=True, exist_ok=True)
    store = SQLiteStore(shop.database.with_name("sessions.db"))
    return Sessions(app, store=store, secret=signing_secret(shop), name="shop", secure="auto")


app = FastAPI(title="The Chandlery", lifespan=lifespan)
app.add_middleware(with_sessions)
app.add_middleware(AccessLog, skip=Quiet(path="/healthz"))  # the last one added is the outermost
app.include_router(api.router)
app.include_router(pages.router)


def refuse(request: Request, error: Exception, status: int) -> Response:
    """What cannot be done, as JSON for programs and as a page for people."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": str(error)}, status_code=status)
    return pages.page(request, "refused.html", status=status, message=str(error))


@app.exception_handler(NotFound)
def not_found(request: Request, error: NotFound) -> Response:
    return refuse(request, error, 404)


@app.exception_handler(SoldOut)
def sold_out(request: Request, error: SoldOut) -> Response:
    return refuse(request, error, 409)


@app.get("/healthz", tags=["running"])
def healthz(request: Request) -> dict[str, str]:
    """Answers 200 while the database can be read."""
    with request.app.state.engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM product"))
    return {"status": "ok"}


@app.get("/whoami", tags=["running"])
async def whoami() -> dict[str, int | str | None]:
    """The worker that answers."""
    return asdict(this_worker())


@app.get("/slow", tags=["running"])
async def slow(seconds: Annotated[float, Query(ge=0, le=300)] = 3.0) -> dict[str, float | str]:
    """An answer that takes its time: ask for it, then reload, and it still arrives."""
    await asyncio.sleep(seconds)
    return {"slept": seconds, "served_by": str(this_worker())}


@app.websocket("/ws")
async def echo(socket: WebSocket) -> None:
    """Says back what it is told."""
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass
