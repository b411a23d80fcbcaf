"""A release that imports and then fails while it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Fail before the app is ready."""
    raise RuntimeError(f"{app.title}: this release does not start")
    yield


app = FastAPI(lifespan=lifespan)
