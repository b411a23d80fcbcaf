"""What the core records: each kind of happening once, with the facts that programs ask for."""

from dataclasses import replace

import pytest

from mainstay.core.effects import Facts, Record
from mainstay.core.recording import of_exit, of_worker
from mainstay.core.slot import Exit
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted
from mainstay.model.happening import Kind
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import RestartOn
from tests.core.simulated import Behaviour, Code
from tests.core.specs import (
    CRASHES,
    DIES_YOUNG,
    JOBS,
    WILL_NOT_END,
    decide,
    delete,
    job,
    reload,
    restart,
    scale,
    start,
    started,
    stop,
    web,
)
from tests.core.world import World

WORKER = WorkerId(SlotId("web", 0), 3, 7)


def records(world: World) -> list[Record]:
    return [effect for effect in world.effects(Record) if isinstance(effect, Record)]


def kinds(world: World, since: int = 0) -> list[Kind]:
    return [record.kind for record in records(world)[since:]]


def facts(world: World, kind: Kind) -> Facts:
    return [record.facts for record in records(world) if record.kind is kind][-1]


def test_a_start_tells_of_each_worker_and_then_of_the_app() -> None:
    world = started(web(2))

    assert kinds(world) == [Kind.SPAWNED, Kind.SPAWNED, Kind.READY, Kind.READY, Kind.START]
    assert facts(world, Kind.READY) == {"slot": "web-1", "generation": 1, "pid": 102, "seconds": 0.04}


@pytest.mark.parametrize(
    ("ending", "code", "signal"),
    [(Exited(3), 3, None), (Exited(0), 0, None), (Signaled(9), None, "SIGKILL"), (Unstarted("no file"), None, None)],
)
def test_a_crash_tells_an_exit_code_or_a_signal_by_name_and_never_mixes_them(
    ending: Ending, code: int | None, signal: str | None
) -> None:
    world = started(web(1), Code(worker=Behaviour(lines=("oops",))))
    world.run(5)
    world.crash("web-0", ending)

    told = facts(world, Kind.CRASH)
    assert (told["code"], told["signal"], told["reason"]) == (code, signal, str(ending))
    assert (told["slot"], told["pid"], told["generation"], told["lines"]) == ("web-0", 101, 1, ["oops"])
    assert isinstance(told["uptime"], float)
    assert told["uptime"] >= 5


def test_an_end_that_was_asked_for_is_no_crash() -> None:
    world = started(web(1))
    before = len(records(world))
    world.answer(stop("web"))

    assert kinds(world, before) == [Kind.ENDED, Kind.STOP]


def test_a_program_that_is_meant_to_end_has_finished() -> None:
    world = World()
    world.code["jobs"] = Code(worker=Behaviour(dies=1.0, ending=Exited(0)))
    world.reply(world.apply(job(RestartOn.FAILURE)))
    world.run(2)

    assert Kind.FINISHED in kinds(world)
    assert Kind.CRASH not in kinds(world)


def test_a_crash_loop_tells_when_it_is_tried_again() -> None:
    world = started(JOBS)
    world.crash("jobs-0")
    world.run(0.1)
    world.crash("jobs-0")

    told = facts(world, Kind.BACKING_OFF)
    assert kinds(world)[-2:] == [Kind.CRASH, Kind.BACKING_OFF]
    assert (told["slot"], told["tries"]) == ("jobs-0", 2)
    assert 0.08 <= float(str(told["seconds"])) <= 0.1


def test_a_slot_that_is_given_up_is_errored_with_why() -> None:
    world = started(job(give_up_after=1))
    for _ in range(2):
        world.crash("jobs-0", Exited(3))
        world.run(0.05)

    told = facts(world, Kind.ERRORED)
    assert kinds(world)[-2:] == [Kind.CRASH, Kind.ERRORED]
    assert (told["code"], told["tries"]) == (3, 2)


def test_after_a_crash_loop_it_has_recovered_once_it_has_come_to_stay() -> None:
    world = started(JOBS)
    for _ in range(3):
        world.crash("jobs-0")
        world.run(1)
    early = kinds(world)
    world.run(60)

    assert Kind.RECOVERED not in early
    assert kinds(world).count(Kind.RECOVERED) == 1
    assert facts(world, Kind.RECOVERED)["slot"] == "jobs-0"


def test_one_crash_is_no_loop_to_recover_from() -> None:
    world = started(JOBS)
    world.crash("jobs-0")
    world.run(60)

    assert Kind.RECOVERED not in kinds(world)


def test_a_start_that_fails_tells_why_with_the_last_lines() -> None:
    world = World()
    world.code["web"] = CRASHES
    world.reply(world.apply(web(1)))

    told = facts(world, Kind.START_FAILED)
    assert told["reason"] == "cannot start web: web-0: exit code 3, before it was ready"
    assert told["lines"] == ["ValueError: no"]
    assert Kind.START not in kinds(world)


@pytest.mark.parametrize(
    ("request_for", "kind", "text"),
    [
        (restart("web"), Kind.RESTART, "restarted"),
        (scale("3"), Kind.SCALED, "scaled: instances 2 -> 3"),
        (scale("1"), Kind.SCALED, "scaled: instances 2 -> 1"),
        (stop("web"), Kind.STOP, "stopped"),
        (delete("web"), Kind.DELETED, "deleted"),
    ],
)
def test_what_was_asked_for_and_done_is_told(request_for: object, kind: Kind, text: str) -> None:
    world = started(web(2))
    assert callable(request_for)
    world.answer(request_for)

    assert (records(world)[-1].kind, records(world)[-1].text) == (kind, text)


def test_a_change_tells_what_changed_and_no_value_of_a_variable() -> None:
    world = started(web(2))
    world.reply(world.apply(replace(web(2), stop_timeout=3.0)))

    assert records(world)[-1].kind is Kind.CHANGED
    assert records(world)[-1].text == "changed: stop_timeout 10 -> 3 (rolling)"


def test_what_changes_nothing_is_not_told() -> None:
    world = started(web(2))
    before = len(records(world))
    world.answer(start("web"))

    assert kinds(world, before) == []


def test_a_reload_begins_and_is_accepted() -> None:
    world = started(web(1))
    before = len(records(world))
    world.answer(reload())

    found = [kind for kind in kinds(world, before) if kind not in (Kind.SPAWNED, Kind.READY, Kind.ENDED)]
    assert found == [Kind.ROLLOUT, Kind.RELOAD]
    assert facts(world, Kind.RELOAD) == {"generation": 2}


def test_a_refused_reload_tells_its_reason_and_lines() -> None:
    world = started(web(1))
    world.code["web"] = DIES_YOUNG
    world.answer(reload())

    told = facts(world, Kind.RELOAD_REFUSED)
    assert told["generation"] == 2
    assert told["lines"] == ["out of luck"]
    assert "web-0 ended: exit code 1" in str(told["reason"])
    assert Kind.RELOAD not in kinds(world)


@pytest.mark.parametrize(
    ("proceed", "expected"),
    [(True, [Kind.CANARY, Kind.CANARY_CONTINUED, Kind.RELOAD]), (False, [Kind.CANARY, Kind.CANARY_ABORTED])],
)
def test_a_canary_is_told_and_what_became_of_it(proceed: bool, expected: list[Kind]) -> None:
    world = started(web(2))
    world.answer(reload(canary=10))
    world.answer(decide(proceed))

    told = (Kind.CANARY, Kind.CANARY_CONTINUED, Kind.CANARY_ABORTED, Kind.RELOAD, Kind.RELOAD_REFUSED)
    assert [kind for kind in kinds(world) if kind in told] == expected


def test_a_worker_that_must_be_killed_is_told() -> None:
    world = started(web(1), WILL_NOT_END)
    world.answer(stop("web"))

    assert facts(world, Kind.FORCED) == {"slot": "web-0", "generation": 1}


def test_the_end_of_a_template_is_told_with_its_reason() -> None:
    world = started(web(1))
    world.crash_template("web")

    assert facts(world, Kind.TEMPLATE_ENDED) == {"generation": 1, "reason": "killed by SIGKILL", "lines": []}


def test_facts_name_a_worker_with_its_pid_when_it_has_one() -> None:
    assert of_worker(WORKER) == {"slot": "web-0", "generation": 3}
    assert of_worker(WORKER, 12) == {"slot": "web-0", "generation": 3, "pid": 12}


def test_facts_of_an_exit_are_what_describe_shows() -> None:
    told = of_exit(Exit(WORKER, 12, Signaled(11), False, 1.0, 2.0, ("a", "b")))

    assert told == {
        "pid": 12,
        "generation": 3,
        "reason": "killed by SIGSEGV",
        "code": None,
        "signal": "SIGSEGV",
        "asked": False,
        "uptime": 2.0,
        "lines": ["a", "b"],
    }
