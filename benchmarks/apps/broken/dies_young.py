"""A release that is ready, serves, and dies half a second later."""

import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


def _die() -> None:
    time.sleep(0.5)
    os._exit(1)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the clock when the app starts."""
    app.state.clock = threading.Thread(target=_die, daemon=True)
    app.state.clock.start()
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def item() -> dict[str, object]:
    """Answer while it lives."""
    return {"id": 7}


@app.get("/whoami")
async def whoami() -> dict[str, object]:
    """Say which process answers."""
    return {"pid": os.getpid(), "version": "broken"}
