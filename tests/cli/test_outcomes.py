import pytest

from mainstay.cli.outcomes import Manner, show_outcomes
from mainstay.cli.terminal import Console
from tests.cli.fake_daemon import came_of
from tests.cli.terminals import pipe, screen, written


def said(verb: str, outcome: str, *changes: str, message: str = "") -> str:
    console = Console(pipe(), pipe())
    result = came_of("web", outcome, *changes, message=message)
    show_outcomes(result["apps"], Manner(verb, signal="SIGHUP", places={"web": "http://[::1]:80"}), console)
    assert written(console.err) == ""
    return written(console.out)


@pytest.mark.parametrize(
    ("verb", "outcome", "message", "line"),
    [
        ("apply", "started", "", "web started, serves http://[::1]:80"),
        ("apply", "unchanged", "", "web already runs, nothing changed"),
        ("start", "unchanged", "", "web already runs, nothing changed"),
        ("stop", "stopped", "", "web stopped"),
        ("stop", "unchanged", "was stopped", "web was stopped already"),
        ("restart", "restarted", "", "web restarted"),
        ("reload", "reloaded", "", "web reloaded"),
        ("reload", "started", "it was stopped", "web started, serves http://[::1]:80 (it was stopped)"),
        ("rollout", "aborted", "generation 4 was taken back", "web serves as before, generation 4 was taken back"),
        ("scale", "unchanged", "", "web has that many instances, nothing changed"),
        ("delete", "deleted", "", "web deleted"),
        ("kill", "deleted", "", "web stopped"),
        ("signal", "signalled", "1 workers", "web got SIGHUP, 1 worker"),
        ("signal", "signalled", "12 workers", "web got SIGHUP, 12 workers"),
        ("reset", "reset", "", "web counts its restarts from 0"),
    ],
)
def test_what_came_of_an_app_is_a_sentence(verb: str, outcome: str, message: str, line: str) -> None:
    assert said(verb, outcome, message=message) == f"{line}\n"


def test_a_canary_says_how_to_go_on() -> None:
    assert said("reload", "canary", message="holds with 10 % of new connections on generation 4") == (
        "web holds with 10 % of new connections on generation 4\n  `mainstay reload web --continue` or `--abort`\n"
    )


def test_what_was_changed_stands_below() -> None:
    assert said("apply", "changed", "instances 2 -> 4 (live)", "env LOG (rolling)") == (
        "web changed\n  instances 2 -> 4 (live)\n  env LOG (rolling)\n"
    )


def test_a_new_number_of_instances_stands_in_the_line() -> None:
    assert said("scale", "scaled", "instances 2 -> 3") == "web scaled, instances 2 -> 3\n"


def test_what_failed_is_on_stderr() -> None:
    console = Console(pipe(), pipe())
    show_outcomes(came_of("web", "failed", message="exit code 1")["apps"], Manner("apply"), console)

    assert (written(console.out), written(console.err)) == ("", "web failed: exit code 1\n")


def test_the_word_that_counts_is_coloured() -> None:
    console = Console(screen(NO_COLOR=""), pipe())
    show_outcomes(came_of("web", "started")["apps"], Manner("apply"), console)

    assert "\x1b[32mstarted\x1b[0m" in written(console.out)


def test_an_outcome_of_a_newer_daemon_is_shown_as_it_is() -> None:
    assert said("apply", "hibernated", message="for now") == "web hibernated: for now\n"
