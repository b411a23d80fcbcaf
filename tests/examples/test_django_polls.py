"""The polls, served by the standard library's WSGI server."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.examples.serving import ended, listening_socket, start_wsgi, until_it_answers, url_of


@pytest.fixture
def polls(tmp_path: Path) -> Generator[httpx.Client]:
    listener = listening_socket()
    file = str(tmp_path / "data" / "polls.db")
    servers = [start_wsgi("polls:application", "django_polls", listener, POLLS_DATABASE=file) for _ in range(2)]
    with listener, ended(*servers), httpx.Client(base_url=url_of(listener), timeout=30) as client:
        until_it_answers(servers[0], f"{url_of(listener)}/healthz")
        yield client


def counts(page: str) -> dict[str, int]:
    return {text: int(votes) for text, votes in re.findall(r"<span>(.+?)</span><span>(\d+)</span>", page)}


def test_a_vote_is_counted(polls: httpx.Client) -> None:
    page = polls.get("/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None

    voted = polls.post("/vote", data={"choice": "2", "csrfmiddlewaretoken": token[1]}, follow_redirects=True)

    assert counts(page)["Coffee"] == 0
    assert counts(voted.text)["Coffee"] == 1
    assert sum(counts(voted.text).values()) == 1


def test_a_vote_without_the_forms_token_is_refused(polls: httpx.Client) -> None:
    assert polls.post("/vote", data={"choice": "2"}).status_code == 403


def test_whoami_tells_the_worker(polls: httpx.Client) -> None:
    assert polls.get("/whoami").json().keys() == {"pid", "app", "instance"}
