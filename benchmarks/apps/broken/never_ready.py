"""A release whose start-up never ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Wait for something that never comes."""
    app.state.gate = asyncio.Event()
    await app.state.gate.wait()
    yield


app = FastAPI(lifespan=lifespan)
