import threading
from contextlib import suppress
from pathlib import Path

import pytest

from mainstay.daemon.watchdog import requests_of
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import Engine, Limits
from tests.daemon import cared_for
from tests.daemon.cared_for import get, on, pids, port_of, reasons
from tests.daemon.running import Daemon
from tests.end_to_end.load import Load
from tests.waiting import until


def block_one(daemon: Daemon) -> None:
    """Have the loop of one worker stand still."""
    port = port_of(daemon)

    def block() -> None:
        with suppress(OSError):
            get(port, "/block")

    threading.Thread(target=block, daemon=True).start()


@pytest.mark.parametrize("engine", Engine)
def test_a_worker_whose_loop_is_blocked_is_replaced_and_its_log_has_the_stack(
    daemon: Daemon, tmp_path: Path, engine: Engine
) -> None:
    daemon.apply(on(engine, cared_for.spec(tmp_path, watchdog=1.0)))
    before = pids(daemon)
    block_one(daemon)
    until(lambda: "event loop blocked for 1 s" in reasons(daemon), what="the reason")
    until(lambda: len(pids(daemon)) == 2, what="another worker")
    stacks = daemon.output("sick-0", "err") + daemon.output("sick-1", "err")

    assert len(pids(daemon) & before) == 1
    assert "in stand_still" in stacks


def test_a_worker_whose_loop_turns_is_let_alone(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(cared_for.spec(tmp_path, watchdog=0.3))
    port, before = port_of(daemon), pids(daemon)
    with Load(port, 2.0) as load:
        pass

    assert load.lost == {}
    assert pids(daemon) == before


@pytest.mark.parametrize("engine", Engine)
def test_a_worker_that_has_answered_its_share_is_replaced_under_load_and_no_request_is_lost(
    daemon: Daemon, tmp_path: Path, engine: Engine
) -> None:
    daemon.apply(on(engine, cared_for.spec(tmp_path, requests=100)))
    port, before = port_of(daemon), pids(daemon)
    with Load(port, 5.0) as load:
        until(lambda: len(pids(daemon)) == 2 and not pids(daemon) & before, what="other workers")

    assert load.lost == {}
    until(lambda: "requests" in reasons(daemon), what="the reason")


@pytest.mark.parametrize("engine", Engine)
def test_a_limit_of_requests_holds_for_workers_that_run_from_when_it_is_declared(
    daemon: Daemon, tmp_path: Path, engine: Engine
) -> None:
    daemon.apply(on(engine, cared_for.spec(tmp_path)))
    before = pids(daemon)
    daemon.apply(on(engine, cared_for.spec(tmp_path, requests=5)))
    after = pids(daemon)
    until(lambda: get(port_of(daemon), "/") and "requests" in reasons(daemon), what="the reason")

    assert after == before


def test_a_watchdog_holds_for_workers_that_run_from_when_it_is_declared(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(cared_for.spec(tmp_path))
    before = pids(daemon)
    daemon.apply(cared_for.spec(tmp_path, watchdog=1.0))
    after = pids(daemon)
    block_one(daemon)
    until(lambda: "event loop blocked for 1 s" in reasons(daemon), what="the reason")

    assert after == before


def test_workers_do_not_reach_their_share_of_requests_all_at_once() -> None:
    workers = [WorkerId(SlotId("web", index), 1, index + 1) for index in range(8)]
    shares = [requests_of(Limits(requests=1000), worker) for worker in workers]

    assert all(900 <= share <= 1000 for share in shares)
    assert len(set(shares)) == len(shares)
    assert requests_of(Limits(requests=1), workers[0]) == 1
    assert requests_of(Limits(), workers[0]) == 0
