import os
import resource
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.client.launch import daemon_command, daemon_environment
from mainstay.errors import MainstayError, RemoteError
from mainstay.model.spec import TcpBind
from mainstay.sys import procfs
from tests.daemon import apps
from tests.daemon.running import Daemon, command, is_gone, running, shell, web
from tests.waiting import until


def test_a_daemon_that_is_told_to_end_ends_everything(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(
            shell("jobs", "trap '' TERM; sleep 1000 & wait; wait", stop_timeout=0.3),
            web("shop", "shop:app", apps.write(tmp_path / "site", shop=apps.GOOD)),
        )
        below = daemon.children()
        assert len(below) == 4

        daemon.process.terminate()
        assert daemon.process.wait(30) == 0

    assert all(is_gone(pid) for pid in below)
    assert daemon.log.endswith("daemon has ended\n")


def test_a_template_that_does_not_end_does_not_outlive_the_daemon(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(web("shop", "shop:app", apps.write(tmp_path / "site", shop=apps.GOOD)))
        worker = daemon.worker("shop-0")
        (template,) = daemon.children().keys() - {worker}
        os.kill(template, signal.SIGSTOP)

        daemon.ask("kill")
        assert daemon.process.wait(30) == 0

    assert is_gone(template)
    assert is_gone(worker)


def test_a_second_daemon_for_one_home_gives_way(daemon: Daemon) -> None:
    second = subprocess.run(
        daemon_command(), env=daemon_environment(os.environ, str(daemon.home)), capture_output=True, timeout=30
    )

    assert second.returncode == 0
    assert b"already runs" in second.stderr
    assert daemon.is_well()


def test_a_daemon_takes_over_the_socket_of_one_that_was_killed(tmp_path: Path) -> None:
    with running(tmp_path / "home") as first:
        first.process.kill()
        first.process.wait()

        assert first.ask("ping")["pid"] != first.pid


def test_an_idle_daemon_sleeps(daemon: Daemon) -> None:
    daemon.apply(*(command(f"sleep{number}", "sleep", "1000") for number in range(50)))

    def turns() -> int:
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])

    def rests(seconds: float) -> bool:
        """Whether it was woken twice at most, and used no time, for so long."""
        cpu, before, began = daemon.cpu(), turns(), time.monotonic()
        until(lambda: time.monotonic() - began > seconds)
        return daemon.cpu() - cpu <= 0.01 and turns() - before <= 2

    until(lambda: rests(0.5), what="the daemon at rest")

    assert rests(3.0)


def test_a_daemon_without_descriptors_refuses_and_lives_on(tmp_path: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    folder = apps.write(tmp_path / "site", shop=apps.GOOD)
    with running(tmp_path / "home", few) as daemon:
        before = daemon.fds()
        with suppress(MainstayError):
            daemon.apply(*(command(f"sleep{number}", "sleep", "1000") for number in range(20)))
        with suppress(MainstayError):
            daemon.apply(
                web("shop", "shop:app", folder),
                replace(command("bound", "sleep", "1"), binds=(TcpBind("127.0.0.1", 0),)),
            )
        clients = []
        with suppress(MainstayError, OSError):
            clients += [daemon.connect() for _ in range(3)]
        for client in clients:
            client.close()

        assert daemon.process.poll() is None, daemon.log
        daemon.delete("all")
        until(lambda: daemon.fds() == before)
        assert daemon.children() == {}
        assert "Traceback" not in daemon.log


def test_more_clients_than_descriptors_wait_until_there_are_some(tmp_path: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with running(tmp_path / "home", few) as daemon:
        cpu = daemon.cpu()
        answers: list[int] = []

        def ask() -> None:
            with daemon.connect() as client:
                answers.append(client.ask("ping")["pid"])
                until(lambda: len(answers) >= 5)

        threads = [threading.Thread(target=ask) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert answers == [daemon.pid] * 30
        assert daemon.cpu() - cpu < 2.0


def test_a_flood_of_ends_does_not_lose_the_signal_to_end(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(shell("flood", "while :; do (true &) ; done"))
        daemon.process.terminate()

        assert daemon.process.wait(60) == 0
    assert "asked to end by a signal" in daemon.log


def test_what_programs_leave_behind_is_reaped(daemon: Daemon) -> None:
    daemon.apply(shell("litter", "for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.1 &) ; done; sleep 1000"))
    daemon.worker("litter-0")

    until(lambda: sorted(stat.name for stat in daemon.children().values()) == ["sh", "sleep"])


def test_a_reply_names_what_could_not_be_done(daemon: Daemon) -> None:
    with pytest.raises(RemoteError) as refused:
        daemon.apply(command("good", "sleep", "1000"), command("bad", "/nothing"))

    assert refused.value.exit_code == 1
    assert [row["app"] for row in daemon.rows()] == ["good"]


def test_the_log_is_reopened_on_a_hangup_and_the_daemon_lives_on(daemon: Daemon) -> None:
    daemon.apply(shell("says", "while :; do echo again; sleep 0.05; done"))
    path = daemon.home / "logs" / "says-0.out.log"
    until(path.exists)
    path.rename(path.with_suffix(".old"))
    os.kill(daemon.pid, signal.SIGHUP)

    until(lambda: path.exists() and path.read_text())
    assert daemon.is_well()


def test_the_daemon_is_a_process_of_few_megabytes(daemon: Daemon) -> None:
    assert (procfs.rss(daemon.pid) or 0) < 40 * 1024 * 1024


def test_a_fault_of_ours_is_told_and_ends_neither_the_daemon_nor_its_apps(tmp_path: Path) -> None:
    broken = (
        "import sys; from mainstay.daemon import __main__ as m, loop; from mainstay.core.events import Reset\n"
        "real = loop.step\n"
        "def step(fleet, event, now):\n"
        "    if isinstance(event, Reset): raise ZeroDivisionError('a bug')\n"
        "    return real(fleet, event, now)\n"
        "loop.step = step\n"
        "def event_of(*_): raise ZeroDivisionError('another bug')\n"
        "event_of.of, loop.event_of = loop.event_of, lambda verb, *more: "
        "(event_of if verb == 'signal' else event_of.of)(verb, *more)\n"
        "sys.exit(m.main())"
    )
    log = (tmp_path / "log").open("wb")
    argv = [*daemon_command()[:3], "-c", broken]
    process = subprocess.Popen(argv, env=daemon_environment(os.environ, str(tmp_path)), stdout=log, stderr=log)
    daemon = Daemon(tmp_path, process)
    until(lambda: (tmp_path / "daemon.sock").exists())
    daemon.apply(command("s", "sleep", "1000"))

    with pytest.raises(MainstayError, match="a bug"):
        daemon.ask("reset", selectors=["s"])
    with pytest.raises(MainstayError, match="another bug"):
        daemon.ask("signal", selectors=["s"], signal="USR1")

    assert [row["status"] for row in daemon.rows()] == ["online"]
    assert "bug: ZeroDivisionError" in (tmp_path / "log").read_text()
    daemon.ask("kill")
    process.wait(30)
