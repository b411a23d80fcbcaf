"""What we tell people."""

from dataclasses import replace

import pytest

from mainstay.core.report import app_status, describe, differences, mode_of, rows, status_of
from mainstay.core.slot import (
    Backoff,
    Failed,
    Finished,
    Killing,
    Life,
    Running,
    Slot,
    Starting,
    Stopped,
    Stopping,
    Worker,
)
from mainstay.model.exits import Exited
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.status import Status
from tests.core.specs import (
    COLD,
    CRASHES,
    JOBS,
    SLOW_TO_END,
    job,
    reload,
    scale,
    started,
    stop,
    web,
)
from tests.core.world import EPOCH, World

WORKER = Worker(WorkerId(SlotId("web", 0), 1, 1), 0.0, 7)


def table(world: World) -> list[dict[str, object]]:
    return [dict(row) for row in rows(world.fleet, world.now, EPOCH + world.now)]


@pytest.mark.parametrize(
    ("life", "status"),
    [
        (Stopped(), Status.STOPPED),
        (Finished(Exited(0)), Status.STOPPED),
        (Starting(WORKER, 1.0), Status.LAUNCHING),
        (Running(WORKER, 1.0), Status.ONLINE),
        (Stopping(WORKER, 1.0), Status.STOPPING),
        (Killing(WORKER), Status.STOPPING),
        (Backoff(1.0), Status.WAITING),
        (Failed(Exited(1)), Status.ERRORED),
    ],
)
def test_each_state_has_a_status(life: Life, status: Status) -> None:
    assert status_of(Slot(SlotId("web", 0), 1, life=life)) is status


def test_every_slot_has_a_row_in_the_order_of_their_numbers() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    world.run(10)
    first = table(world)[0]

    assert [row["slot"] for row in table(world)] == ["web-0", "web-1", "jobs-0", "jobs-1"]
    assert [row["id"] for row in table(world)] == [0, 1, 2, 3]
    assert first["pid"] == next(p.pid for p in world.processes.values() if str(p.worker.slot) == "web-0")
    assert (first["status"], first["mode"], first["restarts"], first["generation"]) == ("online", "asgi", 0, 1)
    assert 10 < float(str(first["uptime"])) < 11


def test_a_slot_that_waits_shows_when_it_is_tried_next() -> None:
    world = started(job())
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run_until(lambda: world.statuses("jobs") == ["Backoff"])
    (row,) = table(world)

    assert row["status"] == "waiting restart"
    assert row["pid"] is None
    assert 0 < float(str(row["next_try"])) - (EPOCH + world.now) <= 0.1


def test_a_worker_that_is_drained_is_marked_and_stands_beside_its_successor() -> None:
    world = started(web(1), SLOW_TO_END)
    world.ask(reload())
    world.run(2)

    assert [(row["generation"], row["status"], row["marks"]) for row in table(world)] == [
        (1, "stopping", ["draining"]),
        (2, "online", []),
    ]
    assert {row["id"] for row in table(world)} == {0}


def test_progress_of_a_rollout_is_shown() -> None:
    world = started(web(4))
    world.ask(reload())
    world.run_until(lambda: "web-1@2" in world.serving())
    rolling = table(world)[0]["rollout"]
    held = started(web(4))
    held.answer(reload(canary=10))

    assert rolling == "2/4"
    assert table(held)[0]["rollout"] == "canary 10%"
    assert describe(held.fleet.apps["web"], held.fleet, held.now, EPOCH)["rollout"] == {
        "generation": 2,
        "state": "canary",
        "share": 10,
        "done": 0,
        "of": 4,
    }


def test_the_mode_is_what_the_template_found_out() -> None:
    world = World()
    world.apply(web(1), JOBS)
    before = mode_of(world.fleet.apps["web"])
    world.run(1)

    assert (before, mode_of(world.fleet.apps["web"])) == ("python", "asgi")
    assert mode_of(world.fleet.apps["jobs"]) == "command"


def test_an_app_has_one_word_when_its_slots_agree_and_a_count_when_not() -> None:
    world = started(web(3))
    agreed = app_status(world.fleet.apps["web"])
    world.answer(stop("web-1"))

    assert (agreed, app_status(world.fleet.apps["web"])) == ("online", "2 of 3 online")


def test_the_last_exits_are_described_with_their_cause_and_lines() -> None:
    world = started(job())
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run(0.05)
    described = describe(world.fleet.apps["jobs"], world.fleet, world.now, EPOCH)
    slots = described["slots"]
    assert isinstance(slots, list)
    assert isinstance(slots[0], dict)
    exits = slots[0]["exits"]
    assert isinstance(exits, list)
    killed, crashed = exits
    assert isinstance(killed, dict)
    assert isinstance(crashed, dict)

    assert (killed["reason"], killed["signal"], killed["code"]) == ("killed by SIGKILL", "SIGKILL", None)
    assert (crashed["reason"], crashed["signal"], crashed["code"]) == ("exit code 3", None, 3)
    assert crashed["lines"] == ["ValueError: no"]


def test_a_template_that_must_not_fork_is_described_with_the_reason() -> None:
    world = started(web(2), COLD)

    assert describe(world.fleet.apps["web"], world.fleet, world.now, EPOCH)["template"] == {
        "pid": world.fleet.apps["web"].templates[1].pid,
        "state": "cold",
        "reason": "2 threads are alive after the import",
    }


def test_what_is_not_as_declared_is_listed() -> None:
    world = started(web(2))
    as_declared = differences(world.fleet.apps["web"], 4)
    world.answer(stop("web-1"))
    world.code["web"] = replace(SLOW_TO_END)
    world.crash("web-0")

    assert as_declared == []
    assert differences(world.fleet.apps["web"], 4) == [
        "instances: declared 2, wanted up 1",
        "web-0: wanted up, launching",
    ]


def test_addresses_are_described_as_they_are_bound_or_as_they_are_declared() -> None:
    world = started(web(2))
    bound = describe(world.fleet.apps["web"], world.fleet, world.now, EPOCH)
    world.answer(stop("web"))
    declared = describe(world.fleet.apps["web"], world.fleet, world.now, EPOCH)

    assert (bound["binds"], bound["listening"]) == (["127.0.0.1:8000"], True)
    assert (declared["binds"], declared["listening"]) == (["127.0.0.1:8000"], False)


def test_a_slot_that_is_scaled_away_is_shown_until_it_is_gone() -> None:
    world = started(web(2), SLOW_TO_END)
    token = world.ask(scale("1"))
    draining = [row["slot"] for row in table(world)]
    world.reply(token)

    assert draining == ["web-0", "web-1"]
    assert [row["slot"] for row in table(world)] == ["web-0"]
