import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.daemon.health import recipe_of
from mainstay.daemon.sweep import MARK
from mainstay.errors import MainstayError
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import Command, CommandCheck, Engine, EnvLayer, Health, HttpCheck, Privileges, TcpCheck
from tests.daemon import cared_for
from tests.daemon.cared_for import HEALTH, get, on, pids, port_of, reasons
from tests.daemon.running import Daemon, command, shell
from tests.end_to_end.load import Load
from tests.waiting import until

SERVER = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(sys.argv[1] + os.environ["MAINSTAY_INSTANCE"]) else 204)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def test_a_worker_that_falls_ill_is_replaced_under_load_and_no_request_is_lost(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(cared_for.spec(tmp_path, health=HEALTH))
    port, before = port_of(daemon), pids(daemon)
    with Load(port, 4.0) as load:
        ill = get(port, "/fall-ill")
        until(lambda: ill not in pids(daemon) and len(pids(daemon)) == 2, what="another worker")
    until(lambda: "status 503" in reasons(daemon), what="the reason")

    assert load.lost == {}
    assert pids(daemon) & before == before - {ill}


def test_workers_on_granian_are_asked_where_the_app_listens_once_they_are_ready(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(on(Engine.GRANIAN, cared_for.spec(tmp_path, 1, HEALTH)))
    port, before = port_of(daemon), pids(daemon)
    get(port, "/fall-ill")
    until(lambda: pids(daemon) and pids(daemon) != before, what="another worker")
    until(lambda: "status 503" in reasons(daemon), what="the reason")


def test_a_start_is_refused_with_what_the_check_was_answered(daemon: Daemon, tmp_path: Path) -> None:
    spec = replace(cared_for.spec(tmp_path, health=HEALTH), start_timeout=2.0)
    (tmp_path / "app" / "sick.py").write_text(cared_for.SOURCE.replace("ill = False", "ill = True"))

    with pytest.raises(MainstayError) as refused:
        daemon.apply(spec)
    assert "not ready after 2 s: its health check says: /health: status 503" in refused.value.message
    assert daemon.rows() == []


def test_a_reload_to_code_that_is_not_well_is_refused_and_the_old_workers_serve_on(
    daemon: Daemon, tmp_path: Path
) -> None:
    daemon.apply(replace(cared_for.spec(tmp_path, health=HEALTH), start_timeout=2.0))
    before = pids(daemon)
    (tmp_path / "app" / "sick.py").write_text(cared_for.SOURCE.replace("ill = False", "ill = True  # now"))

    with pytest.raises(MainstayError, match="status 503"):
        daemon.ask("reload", selectors=["sick"])
    assert pids(daemon) == before


def test_a_worker_that_is_ill_is_shown_as_unhealthy_until_it_is_well_again(daemon: Daemon, tmp_path: Path) -> None:
    check = CommandCheck(("sh", "-c", "test ! -e ill"))  # the one that is to take its place is ill as well
    daemon.apply(replace(cared_for.spec(tmp_path, 1, replace(HEALTH, check=check)), cwd=str(tmp_path / "app")))
    before = pids(daemon)
    (tmp_path / "app" / "ill").touch()
    until(lambda: any("unhealthy" in row["marks"] for row in daemon.rows()), what="a mark")
    assert pids(daemon) == before

    (tmp_path / "app" / "ill").unlink()
    until(lambda: all(not row["marks"] and row["status"] == "online" for row in daemon.rows()), what="no mark")


def test_a_program_with_a_port_of_its_own_is_asked_there_and_only_that_one_is_restarted(
    daemon: Daemon, tmp_path: Path
) -> None:
    free = cared_for.free_ports(2)
    spec = command("own", sys.executable, "-c", SERVER, str(tmp_path / "ill-"), instances=2)
    env = (*spec.env, EnvLayer("env", {"PORT": str(free)}))
    program = Command(spec.program.argv, increment="PORT")  # type: ignore[union-attr]
    daemon.apply(replace(spec, program=program, env=env, health=Health(HttpCheck("/"), interval=0.2, failures=2)))
    first, second = daemon.worker("own-0"), daemon.worker("own-1")
    (tmp_path / "ill-1").touch()
    until(lambda: daemon.row("own-1")["pid"] != second, what="an end of own-1")
    (tmp_path / "ill-1").unlink()

    assert daemon.worker("own-1") != second
    assert daemon.worker("own-0") == first
    assert "status 503" in reasons(daemon, "own")


def test_a_command_says_by_its_exit_code_whether_a_program_is_well(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "well").touch()
    check = CommandCheck(("sh", "-c", 'echo "looked for $MAINSTAY_INSTANCE"; test -e well'))
    spec = replace(shell("job", "exec sleep 1000"), cwd=str(tmp_path), health=Health(check, interval=0.1, failures=2))
    daemon.apply(spec)
    before = daemon.worker("job-0")
    (tmp_path / "well").unlink()
    until(lambda: daemon.row("job-0")["pid"] != before, what="an end")
    (tmp_path / "well").touch()

    assert daemon.worker("job-0") != before
    assert "looked for 0" in reasons(daemon, "job")


def test_a_check_that_hangs_counts_as_failed_and_is_ended_with_what_it_started(daemon: Daemon) -> None:
    check = CommandCheck(("sh", "-c", "sleep 1003 & sleep 1004"))
    spec = replace(shell("job", "exec sleep 1000"), health=Health(check, timeout=0.3), start_timeout=1.0)

    with pytest.raises(MainstayError, match=r"no answer within 0\.3 s"):
        daemon.apply(spec)
    until(lambda: not [s for s in daemon.children().values() if s.name in ("sleep", "sh")], what="an end of all")


def test_a_check_that_runs_is_as_nice_as_its_worker(daemon: Daemon) -> None:
    check = CommandCheck(("sh", "-c", "nice; exit 1"))
    spec = replace(command("job", "sleep", "1000"), health=replace(HEALTH, check=check), start_timeout=1.0)

    with pytest.raises(MainstayError) as refused:
        daemon.apply(replace(spec, privileges=Privileges(nice=7)))
    assert "exit code 1: 7" in refused.value.message


def test_a_program_is_ready_when_it_takes_connections(daemon: Daemon) -> None:
    free = cared_for.free_ports(1)
    late = f"import time, socket; time.sleep(1.5); s = socket.create_server(('127.0.0.1', {free})); time.sleep(1000)"
    spec = command("late", sys.executable, "-c", late)
    daemon.apply(replace(spec, health=Health(TcpCheck(f"127.0.0.1:{free}"))))

    (described,) = daemon.ask("describe", selectors=["late"])["apps"]
    assert described["slots"][0]["ready_time"] >= 1.5


def test_a_check_runs_in_the_app_s_folder_and_environment_and_is_no_part_of_the_worker() -> None:
    spec = replace(command("job", "sleep", "9", cwd="/srv"), env=(EnvLayer("env", {"A": "b"}),))
    recipe = recipe_of(spec, WorkerId(SlotId("job", 3), 1, 1), ("true",))

    assert (recipe.argv, recipe.cwd) == (("true",), "/srv")
    assert (recipe.env["A"], recipe.env["MAINSTAY_INSTANCE"]) == ("b", "3")
    assert MARK not in recipe.env


def test_a_check_has_the_privileges_of_its_worker() -> None:
    spec = replace(command("job", "sleep", "9"), privileges=Privileges(umask=0o27, nice=5))
    recipe = recipe_of(spec, WorkerId(SlotId("job", 0), 1, 1), ("true",))

    assert (recipe.umask, recipe.nice) == (0o27, 5)
