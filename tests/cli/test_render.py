import re

from mainstay.cli.render import slot_table
from mainstay.cli.width import display_width
from tests.cli.fake_daemon import row
from tests.cli.terminals import screen

NOW = 1_000_000.0


def test_a_slot_shows_all_that_is_known_of_it() -> None:
    lines = slot_table([row("web-0"), row("web-1", restarts=3)], screen(100), NOW)  # type: ignore[list-item]

    assert lines[1:5] == [
        "│ id │ name  │ mode │  pid │ uptime │ ↺ │ status │  cpu │  memory │",
        "├────┼───────┼──────┼──────┼────────┼───┼────────┼──────┼─────────┤",
        "│  0 │ web-0 │ asgi │ 4100 │    12m │ 0 │ online │ 0.3% │ 20.4 MB │",
        "│  1 │ web-1 │ asgi │ 4101 │    12m │ 3 │ online │ 0.3% │ 20.4 MB │",
    ]


def drawn(columns: int = 140, *rows: dict[str, object]) -> str:
    return "\n".join(slot_table(rows, screen(columns), NOW))  # type: ignore[arg-type]


def test_an_app_of_one_slot_goes_by_its_own_name() -> None:
    assert "│ jobs │" in drawn(140, row("jobs-0"))


def test_the_one_slot_left_of_several_keeps_its_number() -> None:
    assert "│ jobs-2 │" in drawn(140, row("jobs-2"))


def test_the_namespace_is_shown_when_there_are_several() -> None:
    one, two = row("web-0"), row("jobs-0", namespace="night")

    assert ("namespace" in drawn(140, one), "namespace" in drawn(140, one, two)) == (False, True)


def test_a_slot_that_waits_says_when_it_is_tried_again() -> None:
    text = drawn(140, row("jobs-0", status="waiting restart", next_try=NOW + 3, pid=None, uptime=None))

    assert "waiting restart, in 3 s" in text
    assert "jobs keeps failing: `mainstay describe jobs` shows why" in text


def test_marks_stand_beside_the_status() -> None:
    assert "online, draining, unhealthy" in drawn(140, row("web-0", marks=["draining", "unhealthy"]))


def test_a_canary_is_marked_and_the_rows_of_its_slot_are_told_apart_by_generation() -> None:
    old, new = row("web-0", generation=7), row("web-0", generation=8, marks=["canary"])
    text = drawn(140, old, new, row("web-1", generation=7))

    assert re.findall(r"│ (web\S*) ", text) == ["web-0@7", "web-0@8", "web-1"]
    assert "online, canary" in text


def test_the_one_slot_of_an_app_keeps_its_number_while_it_has_two_rows() -> None:
    rows = [row("jobs-0", generation=1, marks=["draining"], status="stopping"), row("jobs-0", generation=2)]

    assert re.findall(r"│ (jobs\S*) ", drawn(140, *rows)) == ["jobs-0@1", "jobs-0@2"]


def test_a_canary_is_told_once_with_what_to_do_about_it() -> None:
    text = drawn(140, row("web-0", rollout="canary 10%"), row("web-1", rollout="canary 10%"))

    assert text.count("web: canary with 10% of new connections (`reload web --continue` or `--abort`)") == 1


def test_a_reload_shows_how_far_it_is() -> None:
    assert "web is being reloaded: 2/4" in drawn(140, row("web-0", rollout="2/4"))


def test_the_name_and_the_status_stay_to_the_last() -> None:
    rows = [row("a-very-long-name-of-a-service-0"), row("a-very-long-name-of-a-service-1", status="launching")]
    for width in range(30, 140):
        text = drawn(width, *rows)

        assert all(display_width(line) <= width for line in text.splitlines())
        assert "name" in text
        assert "status" in text


def test_colours_do_not_change_the_layout() -> None:
    coloured = "\n".join(slot_table([row("web-0")], screen(100, NO_COLOR=""), NOW))  # type: ignore[list-item]

    assert "\x1b[32monline\x1b[0m" in coloured
