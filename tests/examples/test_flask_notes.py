"""The notes, served by the standard library's WSGI server."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.examples.serving import ended, listening_socket, start_wsgi, until_it_answers, url_of


@pytest.fixture
def notes(tmp_path: Path) -> Generator[httpx.Client]:
    listener = listening_socket()
    server = start_wsgi("notes:app", "flask_notes", listener, NOTES_DATABASE=str(tmp_path / "data" / "notes.db"))
    with listener, ended(server), httpx.Client(base_url=url_of(listener), timeout=30) as client:
        until_it_answers(server, f"{url_of(listener)}/healthz")
        yield client


def test_a_note_is_kept_and_shown_as_text(notes: httpx.Client) -> None:
    page = notes.post("/", data={"text": "<b>splice</b> the mainbrace"}, follow_redirects=True)

    assert page.status_code == 200
    assert "&lt;b&gt;splice&lt;/b&gt; the mainbrace" in page.text


def test_a_note_can_be_forgotten_once(notes: httpx.Client) -> None:
    notes.post("/", data={"text": "splice the mainbrace"})

    first, second = notes.post("/1/forget"), notes.post("/1/forget")

    assert (first.status_code, second.status_code) == (303, 404)
    assert "mainbrace" not in notes.get("/").text


def test_an_empty_note_is_refused(notes: httpx.Client) -> None:
    assert notes.post("/", data={"text": "  "}).status_code == 400


def test_whoami_tells_the_worker(notes: httpx.Client) -> None:
    assert notes.get("/whoami").json().keys() == {"pid", "app", "instance"}
