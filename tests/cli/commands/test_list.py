import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, row
from tests.cli.running import SOURCE, OnTerminal, environment, mainstay, on_terminal

FORBIDDEN = [
    "asyncio",
    "typing",
    "dataclasses",
    "argparse",
    "re",
    "json",
    "enum",
    "socket",
    "selectors",
    "signal",
    "subprocess",
    "threading",
    "logging",
    "collections",
    "functools",
    "pathlib",
    "shutil",
    "locale",
    "importlib.util",
    "mainstay.model.spec",
    "mainstay.protocol.messages",
    "msgspec",
    "psutil",
]


def test_the_apps_are_shown_in_a_table(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0"), row("web-1"))

    ran = mainstay(home, "list")

    assert (ran.code, ran.err) == (0, "")
    assert "|  0 | web-0 | asgi | 4100 |    12m |        0 | online | 0.3% | 20.4 MB |" in ran.out


def test_a_job_is_shown_with_its_next_and_its_last_run(home: Path, daemon: FakeDaemon) -> None:
    now = time.time()
    last = {"began": now - 7300, "seconds": 2.0, "result": "exit code 4", "ok": False, "lines": []}
    planned = {"next": now + 3 * 3600 + 60, "last": last}
    daemon.rows(row("report-0", status="scheduled", pid=None, schedule=planned))

    assert "scheduled, in 3h, last: exit code 4, 2h ago" in mainstay(home, "list").out


@pytest.mark.parametrize("argv", [("list",), ("list", "--json"), ("ls",)])
def test_the_list_starts_fast_as_it_imports_next_to_nothing(
    home: Path, daemon: FakeDaemon, argv: tuple[str, ...]
) -> None:
    daemon.rows(row("web-0"), row("jobs-0", id=1, status="stopped", pid=None, uptime=None))
    code = (
        f"import sys; sys.path.insert(0, {SOURCE!r}); from mainstay.cli.main import main; code = main({list(argv)!r});"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )

    ran = subprocess.run([sys.executable, "-S", "-c", code], env=environment(home), capture_output=True, text=True)

    loaded = ran.stderr.split()
    assert (ran.returncode, "mainstay.cli.commands.list" in loaded) == (0, True)
    assert [name for name in FORBIDDEN if name in loaded] == []
    strangers = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"mainstay", "__main__"}
    assert strangers == set()


@pytest.mark.parametrize("alias", ["ls", "status", "ps"])
def test_it_goes_by_other_names_too(home: Path, daemon: FakeDaemon, alias: str) -> None:
    daemon.rows(row("web-0"))

    assert "web" in mainstay(home, alias).out


def test_json_is_an_array_of_rows(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-1"), row("web-0"))

    ran = mainstay(home, "list", "--json")

    assert json.loads(ran.out) == [row("web-0"), row("web-1")]


def test_without_a_daemon_the_table_is_empty_and_none_is_started(home: Path) -> None:
    ran = mainstay(home, "list")

    assert (ran.code, len(ran.out.splitlines())) == (0, 3)
    assert ran.err == f"no daemon runs (MAINSTAY_HOME is {home}); `mainstay start` starts one\n"
    assert not home.exists()


@pytest.mark.usefixtures("daemon")
def test_on_a_terminal_there_is_no_empty_table(home: Path) -> None:
    ran = on_terminal(home, "list")

    assert (ran.code, ran.out) == (0, "no apps; `mainstay start APP` starts one\n")


@pytest.mark.usefixtures("daemon")
def test_in_a_pipe_the_heading_stays_where_there_is_no_app(home: Path) -> None:
    ran = mainstay(home, "list")

    assert (ran.code, len(ran.out.splitlines())) == (0, 3)
    assert ran.err == "no apps; `mainstay start APP` starts one\n"


def test_on_a_terminal_without_a_daemon_just_that_is_said(home: Path) -> None:
    ran = on_terminal(home, "list")

    assert (ran.code, ran.out.splitlines()[0].startswith("no daemon runs")) == (0, True)


def test_without_a_daemon_json_is_an_empty_array(home: Path) -> None:
    ran = mainstay(home, "list", "--json")

    assert (ran.code, ran.out) == (0, "[]\n")


def test_a_stale_socket_counts_as_no_daemon(home: Path) -> None:
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(home / "daemon.sock"))

    ran = mainstay(home, "list")

    assert (ran.code, "no daemon runs" in ran.err) == (0, True)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("id", "web-0 web-1 jobs"),
        ("name", "jobs web-0 web-1"),
        ("memory:desc", "web-1 jobs web-0"),
        ("cpu", "jobs web-0 web-1"),
    ],
)
def test_rows_are_sorted_as_asked(home: Path, daemon: FakeDaemon, sort: str, order: str) -> None:
    jobs = row("jobs-0", id=2, memory=30_000_000, cpu=None)
    daemon.rows(row("web-0"), jobs, row("web-1", memory=40_000_000, cpu=5.0))

    ran = mainstay(home, "list", "--sort", sort)

    assert [line.split("|")[2].strip() for line in ran.out.splitlines()[3:6]] == order.split()


def test_a_column_that_is_none_is_refused(home: Path) -> None:
    ran = mainstay(home, "list", "--sort", "colour")

    assert (ran.code, ran.err.splitlines()[0]) == (2, "mainstay: cannot sort by 'colour'")


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_the_table_fits_the_terminal(home: Path, daemon: FakeDaemon, columns: int) -> None:
    daemon.rows(row("a-long-name-of-a-service-0", namespace="night"), row("web-1", status="launching"))

    ran = on_terminal(home, "list", columns=columns, NO_COLOR="1")

    lines = ran.out.splitlines()
    assert lines[0].startswith("┌")
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= columns


def test_watching_draws_again_and_gives_the_terminal_back(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0", status="launching"))
    with OnTerminal(home, "list", "--watch") as command:
        command.until_seen("launching")
        daemon.rows(row("web-0"))
        command.until_seen("online")
        command.interrupt()
        ran = command.ended()

    assert ran.code == 0
    screen, _, after = ran.out.partition("\x1b[?7h\x1b[?25h\x1b[?1049l")
    assert screen.startswith("\x1b[?1049h\x1b[?25l\x1b[?7l")
    assert "online" in after
    assert "^C" not in after


def test_watching_goes_on_when_the_daemon_comes_and_goes(home: Path) -> None:
    with OnTerminal(home, "list", "--watch") as command:
        command.until_seen("no daemon runs")
        with FakeDaemon(str(home)) as daemon:
            daemon.rows(row("web-0"))
            command.until_seen("online")
        command.interrupt()

        assert command.ended().code == 0


def test_where_apps_are_remembered_it_is_said_how_to_start_them(home: Path) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "state.json").touch()
    ran = mainstay(home, "list")

    assert ran.code == 0
    assert "`mainstay resurrect` starts what was up" in ran.err
