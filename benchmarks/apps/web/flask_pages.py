"""The measured Flask pages: `/login` begins a session, `/read` reads and `/write` counts up."""

from flask import Flask, session
from session_data import DATA

PATHS = ("/login", "/read", "/write")


def pages(name: str) -> Flask:
    """A Flask app with all of them."""
    app = Flask(name)

    @app.get("/bare")
    def bare() -> str:
        return "1"

    @app.get("/login")
    def login() -> str:
        session.update(DATA)
        return "1"

    @app.get("/read")
    def read() -> str:
        return str(session["count"])

    @app.get("/write")
    def write() -> str:
        session["count"] += 1
        return str(session["count"])

    return app
