"""A small Flask app: the WSGI side."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def item() -> dict[str, object]:
    """Answer with what a small API answers with."""
    return {"id": 7, "name": "teapot", "price": 12.5, "tags": ["kitchen", "porcelain"], "in_stock": True}


@app.get("/whoami")
def whoami() -> dict[str, object]:
    """Say which process answers."""
    return {"pid": os.getpid(), "version": "good"}
