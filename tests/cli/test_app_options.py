import pytest

from mainstay.cli.app_options import AppOptions, add_app_options, read_app_options
from mainstay.cli.arguments import Parser
from mainstay.config import adhoc
from mainstay.errors import UsageError


def wanted(*argv: str) -> adhoc.Options:
    made = Parser("start", "", ())
    add_app_options(made)
    return read_app_options(made, argv, AppOptions()).wanted()


def test_what_the_command_line_says_is_what_the_spec_is_made_from() -> None:
    assert wanted("a:b", "-i", "2", "-b", ":80", "-b", ":81", "--env", "staging", "--only", "web, jobs") == (
        adhoc.Options(instances="2", bind=(":80", ":81"), environment="staging", only=("web", "jobs"))
    )


def test_nothing_said_is_nothing_wanted() -> None:
    assert wanted("a:b") == adhoc.Options()


def test_what_stands_behind_two_dashes_is_for_the_program() -> None:
    assert wanted("work.py", "--name", "w", "--", "--name", "x").args == ("--name", "x")


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        wanted("a:b", "--instnces", "2")
