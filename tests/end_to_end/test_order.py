"""Order and jobs with real processes: what the apps wrote themselves proves when each came and went."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.errors import MainstayError
from mainstay.model.spec import AppSpec, Dependency, Schedule, TcpBind
from tests.daemon.running import Daemon, running, shell, web
from tests.end_to_end.load import Load
from tests.end_to_end.site import ASGI, get
from tests.servers.process import free_port
from tests.waiting import until


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that is up, with nothing in it."""
    with running(tmp_path / "home") as found:
        yield found


def noting(folder: Path, name: str, *needs: str) -> AppSpec:
    """An app that writes down when it comes and goes, and takes its time for both."""
    note = f"{folder}/notes"
    began = "$(cut -d' ' -f22 /proc/$$/stat)"  # as the kernel has it: when it was started, not when it came to write
    going = f"trap 'sleep 0.2; echo {name} goes >> {note}; exit 0' TERM"
    script = f"{going}; echo {began} {name} >> {note}; while :; do sleep 1000 & wait; done"
    return replace(shell(name, script), depends_on=tuple(Dependency(need) for need in needs))


def came(folder: Path, count: int) -> list[str]:
    """The apps that came, in the order in which they were started; when there are so many."""

    def found() -> list[list[str]]:
        lines = [line.split() for line in _lines(folder / "notes")]
        return [line for line in lines if line[0].isdecimal() and len(line) == 2]

    until(lambda: len(found()) == count, what=f"{count} apps")
    return [name for _, name in sorted(found(), key=lambda line: int(line[0]))]


def went(folder: Path) -> list[str]:
    """The apps that went, in order."""
    return [line.split()[0] for line in _lines(folder / "notes") if line.endswith("goes")]


def test_apps_come_after_those_they_depend_on_and_go_before_them(daemon: Daemon, tmp_path: Path) -> None:
    chain = [noting(tmp_path, "edge", "web"), noting(tmp_path, "web", "db"), noting(tmp_path, "db")]
    daemon.apply(*chain)
    first = came(tmp_path, 3)
    daemon.stop("all")
    daemon.ask("start", selectors=["edge"])

    assert (first, came(tmp_path, 6)) == (["db", "web", "edge"], ["db", "web", "edge"] * 2)
    assert went(tmp_path) == ["edge", "web", "db"]


def test_the_end_of_everything_keeps_the_order(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(noting(tmp_path, "web", "db"), noting(tmp_path, "db"))
    came(tmp_path, 2)
    daemon.ask("kill")

    assert went(tmp_path) == ["web", "db"]


def test_a_dependency_that_fails_keeps_those_that_need_it_from_starting(daemon: Daemon, tmp_path: Path) -> None:
    with pytest.raises(MainstayError) as caught:
        daemon.apply(noting(tmp_path, "web", "db"), shell("db", "exit 3"), noting(tmp_path, "other"))

    assert "cannot start web: db, which it depends on, did not start" in caught.value.message
    assert (came(tmp_path, 1), [row["app"] for row in daemon.rows()]) == (["other"], ["other"])


def test_a_reload_whose_command_fails_loses_no_request(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(ASGI)
    port = free_port()
    spec = replace(web("web", "main:app", tmp_path, instances=2), binds=(TcpBind("127.0.0.1", port),))
    spec = replace(spec, before_start=("sh", "-c", f"echo migrating; test ! -e {tmp_path}/broken"))
    daemon.apply(spec)
    first = [daemon.worker(f"web-{index}") for index in range(2)]

    with Load(port, 6) as load:
        until(lambda: get(port))
        (tmp_path / "broken").touch()
        for _ in range(3):
            with pytest.raises(MainstayError, match="cannot reload web: before_start: exit code 1"):
                daemon.ask("reload", selectors=["web"])
        (tmp_path / "broken").unlink()
        assert [daemon.worker(f"web-{index}") for index in range(2)] == first
        daemon.ask("reload", selectors=["web"])
        assert load.is_going

    assert load.lost == {}
    assert load.answered > 100


def test_a_job_runs_by_itself_and_by_hand_and_its_runs_are_kept(daemon: Daemon, tmp_path: Path) -> None:
    job = replace(shell("report", f"echo $$ >> {tmp_path}/runs"), schedule=Schedule("* * * * * *"))
    daemon.apply(job)
    until(lambda: len(_lines(tmp_path / "runs")) >= 2, what="two runs")
    daemon.stop("report")
    before = len(_lines(tmp_path / "runs"))
    ran = daemon.ask("run-job", app="report")["apps"][0]

    assert (ran["outcome"], len(_lines(tmp_path / "runs"))) == ("ran", before + 1)
    (described,) = daemon.ask("describe", selectors=["report"])["apps"]
    assert len(described["job"]["runs"]) >= 3
    assert described["job"]["runs"][-1]["result"] == "exit code 0"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if os.path.exists(path) else []
