"""Notes: a Flask app (WSGI) on SQLite. One file on purpose.

    cd examples/flask_notes && mainstay start

NOTES_DATABASE names the file (data/notes.db beside this one where it is not set).
"""

import fcntl
import functools
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from flask import Flask, abort, redirect, render_template_string, request, url_for
from werkzeug.wrappers import Response

app = Flask(__name__)

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notes</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1.25rem; color: #222; }
textarea { width: 100%; box-sizing: border-box; font: inherit; padding: .6rem; }
li { display: flex; justify-content: space-between; gap: 1rem; padding: .5rem 0; border-top: 1px solid #ddd; }
ul { list-style: none; padding: 0; } p { margin: 0; white-space: pre-wrap; } footer { color: #666; font-size: .9rem; }
</style>
<h1>Notes</h1>
<form method="post"><textarea name="text" rows="3" maxlength="2000" aria-label="A new note" required></textarea>
<button>Keep</button></form>
<ul>{% for number, text in notes %}<li><p>{{ text }}</p>
<form method="post" action="{{ url_for('forget', number=number) }}"><button>Forget</button></form></li>{% endfor %}</ul>
<footer>served by {{ worker.app or "flask" }}-{{ worker.instance or 0 }} (pid {{ worker.pid }})</footer>
</html>"""


@contextmanager
def notebook() -> Generator[sqlite3.Connection]:
    """A connection for one request, its changes kept unless the block raises. Never opened at import: see fork(2)."""
    with closing(sqlite3.connect(file(), timeout=15)) as connection, connection:
        yield connection


@functools.cache
def file() -> Path:
    """The file, made at a worker's first request; one worker at a time, as SQLite's switch to WAL does not wait."""
    path = Path(os.environ.get("NOTES_DATABASE") or Path(__file__).parent / "data" / "notes.db")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with closing(sqlite3.connect(path, timeout=15)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS note (number INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    return path


@app.get("/")
def show() -> str:
    with notebook() as connection:
        notes = connection.execute("SELECT number, text FROM note ORDER BY number DESC LIMIT 100").fetchall()
    return render_template_string(PAGE, notes=notes, worker=whoami())


@app.post("/")
def keep() -> Response:
    text = request.form.get("text", "").strip()
    if not text or len(text) > 2000:
        abort(400, "a note has between 1 and 2000 characters")
    with notebook() as connection:
        connection.execute("INSERT INTO note (text) VALUES (?)", (text,))
    return redirect(url_for("show"), 303)


@app.post("/<int:number>/forget")
def forget(number: int) -> Response:
    with notebook() as connection:
        if connection.execute("DELETE FROM note WHERE number = ?", (number,)).rowcount == 0:
            abort(404, f"there is no note {number}")
    return redirect(url_for("show"), 303)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    with notebook() as connection:
        connection.execute("SELECT 1 FROM note")
    return {"status": "ok"}


@app.get("/whoami")
def whoami() -> dict[str, int | str | None]:
    return {
        "pid": os.getpid(),
        "app": os.environ.get("MAINSTAY_APP"),
        "instance": os.environ.get("MAINSTAY_INSTANCE"),
    }
