from dataclasses import replace
from pathlib import Path

from mainstay.model.spec import Limits
from tests.daemon import cared_for
from tests.daemon.cared_for import get, pids, port_of, reasons
from tests.daemon.running import Daemon, shell
from tests.end_to_end.load import Load
from tests.waiting import until

MB = 1024 * 1024


def test_a_worker_that_takes_too_much_memory_is_replaced_under_load_and_no_request_is_lost(
    daemon: Daemon, tmp_path: Path
) -> None:
    daemon.apply(cared_for.spec(tmp_path, memory=90 * MB))
    port, before = port_of(daemon), pids(daemon)
    with Load(port, 8.0) as load:
        large = get(port, "/grow")
        until(lambda: large not in pids(daemon) and len(pids(daemon)) == 2, what="another worker")
    until(lambda: "is over its limit of 90 MB" in reasons(daemon), what="the reason")

    assert load.lost == {}
    assert pids(daemon) & before == before - {large}


def test_what_a_program_has_started_counts_as_well(daemon: Daemon) -> None:
    grow = "python3 -c 'import time; kept = b\"x\" * (64 << 20); time.sleep(1000)' & wait"
    spec = shell("job", grow)
    daemon.apply(replace(spec, limits=Limits(memory=48 * MB)))
    before = daemon.worker("job-0")

    until(lambda: daemon.row("job-0")["pid"] != before, what="another worker")
    until(lambda: "is over its limit of 48 MB" in reasons(daemon, "job"), what="the reason")
