"""One FastAPI endpoint that answers with a small JSON object."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def item() -> dict[str, object]:
    """Answer with what a small API answers with."""
    return {"id": 7, "name": "teapot", "price": 12.5, "tags": ["kitchen", "porcelain"], "in_stock": True}


@app.get("/whoami")
async def whoami() -> dict[str, object]:
    """Say which process answers."""
    return {"pid": os.getpid(), "version": "good"}
