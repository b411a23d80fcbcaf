"""The page on sessions says what the code does."""

import re
from pathlib import Path

from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.config import Options

PAGE = (Path(__file__).parents[3] / "docs" / "web-sessions.md").read_text(encoding="utf-8")


def test_every_option_is_on_the_page_and_no_other() -> None:
    table = PAGE.partition("## Options")[2].partition("Both lifetimes")[0]
    named = {name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)}

    assert named == set(Options.__annotations__)


def test_every_method_on_the_page_exists() -> None:
    table = PAGE.partition("## The session")[2].partition("In WSGI")[0]

    named = set(re.findall(r"session\.(\w+)", table))

    assert named
    assert {name for name in named if not hasattr(Session, name)} == set()
