"""What people ask of one app."""

from dataclasses import replace

import pytest

from mainstay.core.effects import Adjust, Listen, Reply, Share, Unlisten
from mainstay.core.events import Reload, Reset, Restart, Signal
from mainstay.model.exits import Exited
from mainstay.model.spec import Command, EnvLayer, LogFormat, LogPolicy, Privileges, TcpBind, UnixBind
from tests.core.simulated import Behaviour, Code
from tests.core.specs import (
    CRASHES,
    GOOD,
    JOBS,
    NO_IMPORT,
    SLOW_TO_END,
    WEB,
    WILL_NOT_END,
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

OTHER = TcpBind("127.0.0.1", 8001)


def test_starting_what_runs_changes_nothing() -> None:
    world = started(web(2))
    outcomes = [world.answer(start("web")).outcomes[0], world.reply(world.apply(web(2))).outcomes[0]]

    assert [outcome.outcome for outcome in outcomes] == ["unchanged", "unchanged"]
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_stopped_app_keeps_its_slots_and_closes_its_listeners() -> None:
    world = started(web(2))
    reply = world.answer(stop("web"))

    assert reply.outcomes[0].outcome == "stopped"
    assert world.statuses() == ["Stopped", "Stopped"]
    assert (world.templates, world.sockets) == ({}, {})


def test_stopping_what_is_stopped_changes_nothing() -> None:
    world = started(web(2))
    world.answer(stop("web"))

    assert world.answer(stop("web")).outcomes[0].outcome == "unchanged"


def test_a_stopped_app_starts_with_the_code_as_it_is_now() -> None:
    world = started(web(2))
    world.answer(stop("web"))
    world.code["web"] = NO_IMPORT
    broken = world.answer(start("web"))
    world.code["web"] = GOOD
    mended = world.answer(start("web"))

    assert broken.refusal is not None
    assert mended.refusal is None
    assert world.serving() == ["web-0@3", "web-1@3"]


def test_a_stopped_app_whose_start_fails_stays_in_the_list() -> None:
    world = started(web(2))
    world.answer(stop("web"))
    world.code["web"] = CRASHES
    refusal = world.answer(start("web")).refusal

    assert refusal is not None
    assert world.statuses() == ["Stopped", "Stopped"]
    assert world.processes == {}


def test_a_stop_of_one_slot_leaves_the_others_and_a_start_brings_it_back() -> None:
    world = started(web(3))
    world.answer(stop("web-1"))
    without = world.serving()
    reply = world.answer(start("web-1"))

    assert without == ["web-0@1", "web-2@1"]
    assert reply.outcomes[0].outcome == "started"
    assert world.serving() == ["web-0@1", "web-1@1", "web-2@1"]


def test_a_stop_of_one_slot_waits_for_a_rollout_that_counts_on_it() -> None:
    world = started(web(3))
    rolling = world.ask(reload())
    world.run_until(lambda: "web-0@2" in world.serving())
    reply = world.answer(stop("web-1"))

    assert world.replies[rolling].refusal is None
    assert reply.outcomes[0].outcome == "stopped"
    assert world.serving() == ["web-0@2", "web-2@2"]


def test_a_stop_of_one_slot_waits_for_a_start_that_counts_on_it() -> None:
    world = World()
    starting = world.apply(web(3))
    world.run(0.2)
    reply = world.answer(stop("web-1"))

    assert world.replies[starting].refusal is None
    assert reply.refusal is None
    assert world.serving() == ["web-0@1", "web-2@1"]


def test_a_stop_during_a_restart_leaves_the_app_in_the_list_and_ready_to_start() -> None:
    world = started(job(instances=3), SLOW_TO_END)
    world.ask(restart("jobs"))
    world.run(1)
    world.answer(stop("jobs"))
    down = world.statuses("jobs")
    reply = world.answer(start("jobs"))

    assert down == ["Stopped"] * 3
    assert reply.refusal is None
    assert world.statuses("jobs") == ["Running"] * 3


def test_a_stop_while_programs_are_replaced_one_by_one_ends_all_of_them() -> None:
    world = started(job(instances=3), SLOW_TO_END)
    world.ask(reload("jobs"))
    world.run(1)
    world.answer(stop("jobs"))

    assert world.processes == {}
    assert world.statuses("jobs") == ["Stopped"] * 3


def test_an_app_that_will_not_end_is_stopped_all_the_same() -> None:
    world = started(web(2), WILL_NOT_END)
    began = world.now
    world.answer(stop("web"))

    assert world.now - began == pytest.approx(10.01)
    assert world.processes == {}


def test_a_delete_during_a_start_leaves_nothing_and_both_are_answered() -> None:
    world = World()
    starting = world.apply(web(2))
    world.run(0.2)
    reply = world.answer(delete("web"))

    assert reply.outcomes[0].outcome == "deleted"
    assert world.replies[starting].refusal is not None
    assert (world.fleet.apps, world.templates, world.sockets) == ({}, {}, {})


def test_a_restart_of_the_whole_app_takes_the_new_code() -> None:
    world = started(web(2))
    reply = world.answer(restart("web"))

    assert reply.outcomes[0].outcome == "restarted"
    assert world.serving() == ["web-0@2", "web-1@2"]
    assert [slot.restarts for slot in world.fleet.apps["web"].slots.values()] == [1, 1]
    assert world.fleet.apps["web"].numbers == {0: 0, 1: 1}


def test_a_restart_is_refused_before_anything_is_ended_when_the_new_code_does_not_import() -> None:
    world = started(web(2))
    world.code["web"] = NO_IMPORT
    refusal = world.answer(restart("web")).refusal

    assert refusal is not None
    assert refusal.message == "cannot restart web: ModuleNotFoundError: No module named 'shop'"
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_restart_goes_on_when_its_template_dies_after_the_old_workers_were_asked_to_end() -> None:
    world = started(web(2), SLOW_TO_END)
    token = world.ask(restart("web"))
    world.run(1)
    world.crash_template("web", 2)
    world.run(0.1)
    world.crash_template("web", 2)

    assert world.reply(token).refusal is None
    assert world.serving() == ["web-0@2", "web-1@2"]


def test_a_restart_with_code_that_crashes_says_so_and_keeps_trying() -> None:
    world = started(job(instances=2))
    world.code["jobs"] = CRASHES
    refusal = world.answer(restart("jobs")).refusal
    world.run(1)

    assert refusal is not None
    assert "exit code 3" in refusal.message
    assert set(world.statuses("jobs")) <= {"Backoff", "Starting"}


def test_a_restart_of_one_slot_takes_the_code_that_serves() -> None:
    world = started(web(2))
    world.code["web"] = NO_IMPORT
    reply = world.answer(restart("web-1"))

    assert reply.refusal is None
    assert world.serving() == ["web-0@1", "web-1@1"]
    assert [slot.restarts for slot in world.fleet.apps["web"].slots.values()] == [0, 1]


def test_a_shell_is_taken_anew_only_where_there_was_one() -> None:
    shell = EnvLayer("shell", {"A": "new"})
    world = started(replace(WEB, env=(EnvLayer("shell", {"A": "old"}),)))
    world.answer(lambda token: Restart(token, ("web",), shell))
    plain = started(WEB)
    plain.answer(lambda token: Reload(token, ("web",), shell=shell))

    assert world.fleet.apps["web"].spec.env == (shell,)
    assert plain.fleet.apps["web"].spec.env == ()


def test_a_live_change_touches_no_worker() -> None:
    world = started(web(2))
    reply = world.reply(world.apply(replace(web(2), start_timeout=3.0)))

    assert reply.outcomes[0].outcome == "changed"
    assert reply.outcomes[0].changes == ("start_timeout 30 -> 3 (live)",)
    assert world.serving() == ["web-0@1", "web-1@1"]
    assert world.fleet.apps["web"].spec.start_timeout == 3.0


def test_log_options_are_told_to_what_runs() -> None:
    world = started(web(2))
    logs = LogPolicy(LogFormat.JSON)
    world.reply(world.apply(replace(web(2), logs=logs)))

    (adjusted,) = world.effects(Adjust)
    assert isinstance(adjusted, Adjust)
    assert (adjusted.spec.logs, adjusted.slots) == (logs, frozenset((0, 1)))


def test_a_live_change_that_fails_leaves_the_app_as_it_was() -> None:
    world = started(web(2))
    world.templates["web", 1].code = CRASHES
    reply = world.reply(world.apply(replace(web(3), namespace="other", logs=LogPolicy(LogFormat.JSON))))

    assert reply.refusal is not None
    assert world.fleet.apps["web"].spec == web(2)
    last = world.effects(Adjust)[-1]
    assert isinstance(last, Adjust)
    assert last.spec == web(2)
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_rollout_that_fails_gives_the_log_files_their_options_back() -> None:
    world = started(web(2))
    world.code["web"] = CRASHES
    reply = world.reply(world.apply(replace(web(2), cwd="/srv/other", logs=LogPolicy(LogFormat.JSON))))

    assert reply.refusal is not None
    (adjusted,) = world.effects(Adjust)
    assert isinstance(adjusted, Adjust)
    assert adjusted.spec == web(2)


def test_a_stopped_app_that_cannot_start_as_declared_anew_is_declared_as_before() -> None:
    world = started(web(2))
    world.answer(stop("web"))
    world.code["web"] = CRASHES
    reply = world.reply(world.apply(replace(web(2), cwd="/srv/other")))

    assert reply.refusal is not None
    assert world.fleet.apps["web"].spec == web(2)
    assert set(world.statuses()) == {"Stopped"}


def test_a_change_of_the_environment_is_rolled_out() -> None:
    world = started(web(2))
    reply = world.reply(world.apply(replace(web(2), env=(EnvLayer("env", {"A": "1"}),))))

    assert reply.outcomes[0].changes == ("env +A (rolling)",)
    assert world.serving() == ["web-0@2", "web-1@2"]


def test_an_applied_spec_that_is_the_same_reloads_when_asked_to() -> None:
    world = started(web(2))

    assert world.reply(world.apply(web(2), reload=True)).outcomes[0].outcome == "reloaded"
    assert world.serving() == ["web-0@2", "web-1@2"]


@pytest.mark.parametrize("slots", [1, 2])
def test_another_address_is_bound_and_steered_anew(slots: int) -> None:
    world = started(web(slots))
    reply = world.reply(world.apply(web(slots, OTHER)))

    assert reply.refusal is None
    assert world.fleet.apps["web"].addresses == ("127.0.0.1:8001",)
    assert world.sockets["web"].weights == dict.fromkeys(range(0, 2 * slots, 2), 1)


def test_another_address_that_cannot_be_bound_changes_nothing() -> None:
    world = started(web(2))
    world.taken.add("web")
    reply = world.reply(world.apply(web(2, OTHER)))

    assert reply.refusal is not None
    assert reply.refusal.message == "cannot restart web: the port is in use"
    assert world.serving() == ["web-0@1", "web-1@1"]
    assert world.fleet.apps["web"].spec.binds == WEB.binds


def test_a_unix_socket_is_shared_with_the_group_that_the_app_runs_with() -> None:
    spec = web(1, UnixBind("/run/web.sock"))
    world = started(spec)
    for user in ("www", "other", ""):
        world.reply(world.apply(replace(spec, privileges=Privileges(user))))

    assert world.effects(Share) == [Share("web", spec.binds, Privileges(user)) for user in ("www", "other", "")]


def test_another_address_on_which_the_app_does_not_hold_is_taken_back() -> None:
    world = started(web(2))
    world.code["web"] = CRASHES
    token = world.apply(web(2, OTHER))
    world.run_until(lambda: world.fleet.apps["web"].spec.binds == (OTHER,))
    world.code["web"] = GOOD
    reply = world.reply(token)

    assert reply.refusal is not None
    assert "cannot start web" in reply.refusal.message
    assert world.fleet.apps["web"].spec == web(2)
    assert world.fleet.apps["web"].addresses == ("127.0.0.1:8000",)
    assert set(world.statuses()) == {"Running"}


def test_what_does_not_hold_before_either_is_tried_once_more_and_then_left_to_its_policy() -> None:
    world = started(web(2))
    world.code["web"] = CRASHES
    reply = world.reply(world.apply(web(2, OTHER)))

    assert reply.refusal is not None
    assert world.fleet.apps["web"].spec == web(2)
    assert [type(effect) for effect in world.effects(Reply)].count(Reply) == 2


def test_an_app_that_binds_no_more_gives_its_listeners_back() -> None:
    world = started(web(2))
    world.reply(world.apply(replace(web(2), binds=())))

    assert world.effects(Unlisten)
    assert world.sockets == {}
    assert world.statuses() == ["Running", "Running"]


def test_another_kind_of_program_replaces_all_at_once() -> None:
    world = started(web(2))
    reply = world.reply(world.apply(replace(web(2), program=Command(("gunicorn",)))))

    assert reply.refusal is None
    assert world.statuses() == ["Running", "Running"]
    assert world.templates == {}


@pytest.mark.parametrize(("to", "slots"), [("4", 4), ("+2", 4), ("1", 1), ("-1", 1), ("max", 4), ("0", 4), ("2", 2)])
def test_scale_brings_the_number_of_slots_to(to: str, slots: int) -> None:
    world = started(web(2))
    reply = world.answer(scale(to))

    assert reply.refusal is None
    assert world.serving() == [f"web-{index}@1" for index in range(slots)]
    assert reply.outcomes[0].outcome == ("unchanged" if slots == 2 else "scaled")


@pytest.mark.parametrize("to", ["-2", "many", "", "+", "1001", "-0x1"])
def test_scale_refuses(to: str) -> None:
    refusal = started(web(2)).answer(scale(to)).refusal

    assert refusal is not None
    assert refusal.exit_code == 2


def test_new_slots_start_only_when_their_listeners_are_bound() -> None:
    world = started(web(2))
    world.answer(scale("4"))
    listens = [effect.slots for effect in world.effects(Listen) if isinstance(effect, Listen)]

    assert listens == [2, 4]
    assert world.sockets["web"].slots == 4


def test_slots_that_come_back_take_the_listeners_that_are_still_there() -> None:
    world = started(web(4))
    world.answer(scale("1"))
    world.answer(scale("3"))

    assert len(world.effects(Listen)) == 1
    assert world.serving() == ["web-0@1", "web-1@1", "web-2@1"]


def test_a_scale_up_that_fails_is_taken_back_when_all_of_it_is_gone() -> None:
    world = started(web(2), Code(special={3: CRASHES.worker, 2: SLOW_TO_END.worker}))
    refusal = world.answer(scale("4")).refusal

    assert refusal is not None
    assert len(world.processes) == 2
    assert world.fleet.apps["web"].spec.instances == 2
    assert world.answer(scale("3")).refusal is None


def test_a_scale_up_whose_listeners_cannot_be_bound_is_taken_back() -> None:
    world = started(web(2))
    world.taken.add("web")
    refusal = world.answer(scale("3")).refusal

    assert refusal is not None
    assert world.serving() == ["web-0@1", "web-1@1"]
    assert world.fleet.apps["web"].spec.instances == 2


def test_a_stopped_app_is_scaled_without_being_started() -> None:
    world = started(web(2))
    world.answer(stop("web"))
    world.answer(scale("3"))
    scaled = world.statuses()
    world.answer(start("web"))

    assert scaled == ["Stopped"] * 3
    assert len(world.serving()) == 3


def test_an_app_that_waits_for_its_next_try_is_tried_at_once_when_someone_starts_it() -> None:
    world = started(job())
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run(20)
    waiting = world.statuses("jobs")
    world.code["jobs"] = GOOD
    began = world.now
    reply = world.answer(start("jobs"))

    assert waiting == ["Backoff"]
    assert reply.outcomes[0].outcome == "started"
    assert world.now - began < 0.1


def test_a_finished_job_runs_again_when_it_is_started() -> None:
    world = started(job(JOBS.restart.on.NEVER))
    world.crash("jobs-0", Exited(0))
    world.answer(start("jobs"))

    assert world.statuses("jobs") == ["Running"]


def test_a_signal_goes_to_the_processes_that_are_there() -> None:
    world = started(web(3))
    world.crash("web-2")
    reply = world.answer(lambda token: Signal(token, ("web",), 10))

    assert reply.outcomes[0].message == "2 workers"


def test_restart_counters_go_back_to_0() -> None:
    world = started(web(2))
    world.crash("web-0")
    world.crash("web-1")
    world.answer(lambda token: Reset(token, ("web-0",)))

    assert [slot.restarts for slot in world.fleet.apps["web"].slots.values()] == [0, 1]


def test_a_slow_start_is_no_failure_of_a_reload_that_waits_behind_it() -> None:
    world = World()
    world.code["web"] = Code(worker=Behaviour(ready=5.0))
    first = world.apply(web(2))
    second = world.ask(reload())

    assert world.reply(second).refusal is None
    assert world.replies[first].refusal is None
