from mainstay.cli.sections import app_sections
from tests.cli.app_detail import NOW, app_detail, crash, slot_detail
from tests.cli.terminals import pipe, screen

NOON_RUN = NOW - 60


def described(**changes: object) -> str:
    return "\n".join(app_sections(app_detail("web", **changes), pipe(), NOW))  # type: ignore[arg-type]


def test_an_app_is_told_in_sections() -> None:
    text = described()

    assert "  listens on  127.0.0.1:8000\n  template    ready, pid 4090\n" in text
    assert "  target         shop.main:app\n" in text
    assert "web-0 (number 0)\n  status       online\n" in text
    assert "  ready after  42 ms\n" in text
    assert "  out          /logs/web-0.out.log\n" in text


def test_what_differs_from_the_spec_has_a_section_when_there_is_any() -> None:
    assert "differs" not in described()
    assert "differs from what was declared\n  instances: declared 4, runs 2\n" in described(
        differences=["instances: declared 4, runs 2"]
    )


def test_a_rollout_says_how_far_it_is() -> None:
    rollout = {"generation": 4, "state": "canary", "share": 10, "done": 1, "of": 4}

    assert "rollout     generation 4, canary, 10% of new connections, 1 of 4 slots" in described(rollout=rollout)


def test_why_there_is_no_template_is_told() -> None:
    template = {"pid": None, "state": "cold", "reason": "2 threads are alive after the import"}

    assert "template    cold: 2 threads are alive after the import" in described(template=template)


def test_the_last_exits_are_told_with_their_last_words() -> None:
    asked = crash(asked=True, reason="exit code 0", lines=["not shown"])
    text = described(slots=[slot_detail("web-0", exits=[crash(reason="exit code 1"), asked, crash()])])

    assert "  pid 4001  killed by SIGKILL after 250 ms (generation 2)\n      | last words" in text
    assert "exit code 0 after 250 ms, as asked" in text
    assert "not shown" not in text


def test_a_worker_that_was_replaced_is_not_said_to_have_been_asked_for_by_somebody() -> None:
    text = described(slots=[slot_detail("web-0", exits=[crash(asked=True, reason="replaced: it is too large")])])

    assert "replaced: it is too large after 250 ms" in text
    assert "as asked" not in text


def test_only_the_last_exits_are_told() -> None:
    text = described(slots=[slot_detail("web-0", exits=[crash(pid=pid) for pid in range(1, 7)])])

    assert [f"pid {pid} " in text for pid in range(1, 7)] == [False] * 3 + [True] * 3


def test_lines_that_were_lost_are_counted() -> None:
    logs = {"out": "/o", "err": "/e", "dropped": {"out": 3, "err": 0}}

    assert "lost lines   3 of out" in described(slots=[slot_detail("web-0", logs=logs)])


def test_last_words_cannot_steer_the_terminal() -> None:
    app = app_detail("web", slots=[slot_detail("web-0", exits=[crash(lines=["\x1b[2J\x1b[31mred"])])])

    text = "\n".join(app_sections(app, screen(), NOW))  # type: ignore[arg-type]

    assert "\\x1b[2Jred" in text


def test_a_rollout_that_is_no_canary_has_no_share() -> None:
    text = described(rollout={"generation": 4, "state": "rolling", "share": 0, "done": 1, "of": 2})

    assert "generation 4, rolling, 1 of 2 slots\n" in text


def test_the_two_workers_of_one_slot_are_told_apart_by_their_generation() -> None:
    text = described(slots=[slot_detail("web-0", generation=3), slot_detail("web-0", generation=4, marks=["canary"])])

    assert "\nweb-0@3 (number 0)\n" in text
    assert "\nweb-0@4 (number 0)\n  status       online, canary\n" in text


def test_a_job_is_told_with_its_last_runs() -> None:
    ran = {"began": NOON_RUN, "seconds": 2.0, "result": "exit code 0", "ok": True, "lines": ["all sent"]}
    late = {**ran, "result": "timed out after 60 s", "ok": False, "lines": []}
    job = {"next": NOW + 7200, "queued": False, "skipped": 2, "runs": [ran, late]}

    text = described(job=job)

    assert ", in 2h\n  skipped  2: the run before had not ended\n" in text
    assert "  exit code 0 after 2.0 s\n      | all sent\n" in text
    assert "  timed out after 60 s after 2.0 s\n" in text


def test_a_job_off_its_schedule_says_so() -> None:
    assert "off its schedule" in described(job={"next": None, "queued": False, "skipped": 0, "runs": []})
