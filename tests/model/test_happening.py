"""The kinds of what can happen: one table, which files and hooks refer to by name."""

import pytest

from mainstay.model.happening import HOOKED, Kind, Level, is_at_least


def test_a_kind_is_known_by_its_name() -> None:
    assert {kind.value: kind for kind in Kind}["crash"] is Kind.CRASH
    assert (Kind.CRASH.value, Kind.CRASH.level, Kind.CRASH.words) == ("crash", Level.ERROR, "crashed")


def test_no_two_kinds_share_a_name_or_words() -> None:
    assert len({kind.value for kind in Kind}) == len({kind.words for kind in Kind}) == len(Kind)


@pytest.mark.parametrize(
    ("level", "least", "shown"),
    [
        ("info", Level.INFO, True),
        ("info", Level.WARNING, False),
        ("error", Level.WARNING, True),
        ("?", Level.ERROR, True),
    ],
)
def test_what_is_less_grave_than_asked_for_is_left_out(level: str, least: Level, shown: bool) -> None:
    assert is_at_least(level, least) is shown


def test_what_hooks_do_cannot_call_hooks() -> None:
    assert HOOKED & {Kind.HOOK, Kind.HOOK_FAILED} == frozenset()
    assert sorted(kind.value for kind in HOOKED) == [
        *("crash", "errored", "job_failed", "over_limit", "recovered", "reload"),
        *("reload_refused", "start", "stop", "unhealthy"),
    ]
