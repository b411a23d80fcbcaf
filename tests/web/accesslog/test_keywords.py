"""The keywords type checkers know are the options there are."""

import dataclasses

from mainstay.web.accesslog.keywords import Keywords
from mainstay.web.accesslog.logger import Options


def test_every_option_is_a_keyword() -> None:
    assert list(Keywords.__annotations__) == [field.name for field in dataclasses.fields(Options)]
