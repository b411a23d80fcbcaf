"""`mainstay serve`: as a command of a shell, as the first process of a container, as a systemd unit of Type=notify."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.sys import procfs
from tests.end_to_end.foreground import SLOW, Answer, Foreground, why_not_as_init
from tests.end_to_end.site import ASGI, Site, get, is_alive
from tests.servers.process import free_port
from tests.waiting import until


@pytest.fixture
def container() -> None:
    if reason := why_not_as_init():
        pytest.skip(reason)


def test_sigterm_lets_a_slow_request_finish_and_leaves_nothing_behind(site: Site, as_init: bool) -> None:
    site.write("main.py", SLOW)
    port = free_port()
    with Foreground(site, "serve", "main:app", "--name", "web", "-p", str(port), as_init=as_init) as serve:
        serve.until_err("web started")
        answer = Answer(port, "/slow")
        serve.until_out("web-0 | slow begins")
        below = procfs.tree(serve.pid)
        serve.signal(signal.SIGTERM)

        assert serve.ended() == 0
        assert answer.wait().startswith("one ")
    assert "web-0 | asked for /slow" in serve.out
    assert not [pid for pid in below if is_alive(pid)]
    assert os.listdir(site.home / "logs") == []


def test_a_second_signal_hurries(site: Site, as_init: bool) -> None:
    site.write("work.sh", "trap '' TERM\necho up\nwhile :; do sleep 1; done\n")
    site.write("mainstay.toml", '[apps.work]\ncommand = "sh work.sh"\nstop_timeout = "1000s"\n')
    with Foreground(site, "serve", as_init=as_init) as serve:
        serve.until_out("work-0 | up")
        serve.signal(signal.SIGTERM)
        serve.until_err("stopping")
        serve.signal(signal.SIGTERM)

        assert serve.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_other_signals_that_mean_the_end_stop_everything_as_well(site: Site, number: int) -> None:
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep started")
        serve.signal(number)

        assert serve.ended() == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [("exit 0", 0), ("exit 3", 3), ("kill -SEGV $$", 139), ("sleep 1.5; exit 7", 7), ("sleep 1.5; kill -9 $$", 137)],
)
def test_the_exit_code_is_that_of_the_one_app(site: Site, as_init: bool, line: str, code: int) -> None:
    site.write("job.sh", f"echo working\n{line}\n")
    with Foreground(site, "serve", "sh job.sh", "--name", "job", "--no-autorestart", as_init=as_init) as serve:
        assert serve.ended() == code
    assert "working" in serve.out + serve.err


def test_everything_has_ended_when_the_last_app_has(site: Site) -> None:
    site.write(
        "mainstay.toml",
        '[apps.one]\ncommand = "true"\nrestart = "never"\n'
        '[apps.two]\ncommand = "sh -c \'sleep 1.5; echo two is done\'"\nrestart = "never"\n',
    )
    with Foreground(site, "serve") as serve:
        assert serve.ended() == 0
    assert "two-0 | two is done" in serve.out


def test_a_start_that_fails_is_1_with_the_reason_and_the_last_lines(site: Site, as_init: bool) -> None:
    site.write("main.py", "print('about to fail')\nimport nothing_of_this_name\n")
    site.write(
        "mainstay.toml",
        f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{free_port()}"\n[apps.s]\ncommand = "sleep 9"\n',
    )
    with Foreground(site, "serve", as_init=as_init) as serve:
        assert serve.ended() == 1
    assert "cannot start web: ModuleNotFoundError: No module named 'nothing_of_this_name'" in serve.err
    assert "Traceback" in serve.err or "main.py" in serve.err


def test_a_mistake_in_the_file_starts_nothing(site: Site) -> None:
    site.write("mainstay.toml", '[apps.web]\napp = "main:app"\ninstnces = 2\n')
    with Foreground(site, "serve") as serve:
        assert serve.ended() == 2
    assert "mainstay.toml:3" in serve.err
    assert site.daemon_pid() is None


def test_a_home_with_a_daemon_is_refused_in_one_line(site: Site) -> None:
    site.ok("start", "sleep 1000")
    pid = site.daemon_pid()
    with Foreground(site, "serve", "sleep 1001", "--name", "other") as serve:
        assert serve.ended() == 1
    assert f"cannot serve: a daemon (pid {pid}) runs already for {site.home}" in serve.err.splitlines()[0]
    assert [row["app"] for row in site.rows()] == ["sleep"]


def test_sighup_reads_the_file_and_the_code_again(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    file = '[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{}"\n{}'
    site.write("mainstay.toml", file.format(port, ""))
    with Foreground(site, "serve") as serve:
        serve.until_err("web started")
        site.write("main.py", ASGI.replace('"one"', '"two"'))
        site.write("mainstay.toml", file.format(port, '[apps.more]\ncommand = "sleep 1000"\n'))
        serve.signal(signal.SIGHUP)
        serve.until_err("more started")

        assert get(port).startswith("two ")

        site.write("mainstay.toml", "[apps.web]\nap = 1\n")
        serve.signal(signal.SIGHUP)
        serve.until_err("mainstay.toml:2")

        assert get(port).startswith("two ")


def test_sigusr1_goes_to_the_apps(site: Site) -> None:
    site.write(
        "work.py",
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('got it'))\nprint('up')\n"
        "while True: signal.pause()\n",
    )
    with Foreground(site, "serve", "work.py") as serve:
        serve.until_out("work-0 | up")
        serve.until_err("work started")
        serve.signal(signal.SIGUSR1)

        serve.until_out("work-0 | got it")


def test_stdout_and_stderr_of_apps_go_to_ours(site: Site) -> None:
    site.write("work.sh", "echo to out\necho to err >&2\nsleep 1000\n")
    with Foreground(site, "serve", "sh work.sh", "--name", "w", "--format", "raw") as serve:
        serve.until_out("to out\n")
        serve.until_err("to err\n")

        assert serve.out == "to out\n"


def test_json_is_an_object_a_line(site: Site) -> None:
    site.write("work.sh", "echo to out\necho to err >&2\nsleep 1000\n")
    with Foreground(site, "serve", "sh work.sh", "--name", "w", "--format", "json") as serve:
        until(lambda: serve.out.count("\n") == 2)
        lines = [json.loads(line) for line in serve.out.splitlines()]

    assert sorted((one["app"], one["slot"], one["stream"], one["line"]) for one in lines) == [
        ("w", "w-0", "err", "to err"),
        ("w", "w-0", "out", "to out"),
    ]


def test_a_reader_that_is_stuck_holds_up_no_app_and_what_is_lost_is_counted(site: Site) -> None:
    done = site.folder / "done"
    site.write("work.sh", f"seq 1 3000000\ntouch {done}\nsleep 1000\n")
    process = site.start_command("serve", "sh work.sh", "--name", "w", "--format", "raw")
    try:
        until(done.exists, 60)

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def test_lost_lines_are_counted(site: Site) -> None:
    site.write("work.sh", "seq 1 3000000\n")
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "wb") as full:
        ran = subprocess.run(
            _command("serve", "sh work.sh", "--name", "w", "--format", "raw", "--no-autorestart"),
            cwd=site.folder,
            env=site.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )

    assert ran.returncode == 0
    assert " lines were dropped: stdout was not read fast enough" in ran.stderr


def _command(*argv: str) -> list[str]:
    from tests.end_to_end.site import COMMAND

    return [*COMMAND, *argv]


def test_with_its_streams_closed_it_serves_all_the_same(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    line = f"exec {' '.join(_command('serve', 'main:app', '-p', str(port)))} <&- >&- 2>&-"
    process = subprocess.Popen(["sh", "-c", line], cwd=site.folder, env=site.environment())
    try:
        assert until(lambda: _got(port), 60).startswith("one ")
    finally:
        process.terminate()

        assert process.wait(60) == 0


def _got(port: int) -> str:
    try:
        return get(port)
    except OSError:
        return ""


def test_stop_all_from_another_shell_is_an_asked_end(site: Site) -> None:
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep started")
        site.ok("stop", "all")

        assert serve.ended() == 0


def test_kill_from_another_shell_is_an_asked_end(site: Site) -> None:
    with Foreground(site, "serve", "sleep 1000") as serve:
        serve.until_err("sleep started")
        site.ok("kill")

        assert serve.ended() == 0


def test_without_file_and_target_what_was_up_is_served_again(site: Site, as_init: bool) -> None:
    site.write("work.sh", "echo up\nsleep 1000\n")
    for argv in (["sh work.sh", "--name", "work"], [], []):
        with Foreground(site, "serve", *argv, as_init=as_init) as serve:
            serve.until_err("work started")
            serve.until_out("work-0 | up")
            serve.signal(signal.SIGTERM)

            assert serve.ended() == 0


def test_when_nothing_was_up_it_says_so_and_ends(site: Site) -> None:
    site.ok("start", "sleep 1000")
    site.ok("stop", "sleep")
    site.ok("kill")
    with Foreground(site, "serve") as serve:
        assert serve.ended() == 0
    assert "nothing is to be started again" in serve.err


def test_sighup_removes_what_the_file_declares_no_more(site: Site) -> None:
    file = "[apps.one]\ncommand = 'sleep 1000'\n"
    site.write("mainstay.toml", file + "[apps.two]\ncommand = 'sleep 1000'\n")
    with Foreground(site, "serve") as serve:
        serve.until_err("two started")
        site.write("mainstay.toml", file)
        serve.signal(signal.SIGHUP)
        serve.until_err("two deleted")

        assert [row["app"] for row in site.rows()] == ["one"]


@pytest.mark.usefixtures("container")
def test_the_first_process_reaps_whatever_becomes_its_child(site: Site) -> None:
    if shutil.which("nsenter") is None:
        pytest.skip("no nsenter")
    with Foreground(site, "serve", "sleep 1000", as_init=True) as serve:
        serve.until_err("sleep started")
        enter = ["nsenter", "--target", str(serve.pid), "--pid", "--mount"]
        for _ in range(20):
            subprocess.run([*enter, "sh", "-c", "(sh -c 'exit 1' & sleep 0.01 &) &"], check=True, timeout=30)

        until(lambda: len(procfs.children(serve.pid)) == 1, what="nothing but the daemon")
        serve.signal(signal.SIGTERM)
        assert serve.ended() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user that nobody knows")
def test_a_user_that_nobody_knows_needs_no_home_folder() -> None:
    python, source = "/usr/bin/python3", str(Path(__file__).parents[2] / "src")
    as_stranger = ("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", python)
    probe = f"import sys; sys.path[:0] = [{source!r}]; assert sys.version_info >= (3, 11); import mainstay"
    if shutil.which("setpriv") is None or subprocess.run([*as_stranger, "-c", probe], capture_output=True).returncode:
        pytest.skip("no Python for everybody that can import mainstay")
    with tempfile.TemporaryDirectory(prefix="ms-") as place:
        os.chmod(place, 0o777)
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": source, "TMPDIR": place}
        process = subprocess.Popen(
            [*as_stranger, "-m", "mainstay", "serve", "sleep 1000"],
            cwd=place,
            env=environ,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == "sleep started\n"
            assert "logs" in os.listdir(Path(place, "mainstay-54321"))
        finally:
            process.terminate()
            process.stderr.close()
            assert process.wait(60) == 0


@pytest.fixture
def service_manager() -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"{folder}/notify")
        sock.settimeout(60)
        yield sock


def _heard(manager: socket.socket, word: str) -> list[str]:
    """What was said until this was."""
    said: list[str] = []
    while not said or word not in said[-1]:
        said.append(manager.recv(4096).decode())
    return said


def test_a_service_manager_is_told_how_it_goes(site: Site, service_manager: socket.socket) -> None:
    site.write("main.py", ASGI)
    site.write("mainstay.toml", f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{free_port()}"\n')
    told = {"NOTIFY_SOCKET": service_manager.getsockname(), "WATCHDOG_USEC": "400000"}
    with Foreground(site, "serve", environ=site.environment(**told)) as serve:
        said = _heard(service_manager, "READY=1")
        serve.until_err("web started")
        if not any("STATUS=1 of 1 online" in one for one in said):  # it is told once: before READY when a start is slow
            _heard(service_manager, "STATUS=1 of 1 online")
        _heard(service_manager, "WATCHDOG=1")
        daemon = site.daemon_pid()
        assert daemon is not None
        variables = site.ok("env", "web").out
        serve.signal(signal.SIGHUP)
        _heard(service_manager, "RELOADING=1")
        _heard(service_manager, "READY=1")
        serve.signal(signal.SIGTERM)
        _heard(service_manager, "STOPPING=1")
        assert serve.ended() == 0

    assert "NOTIFY_SOCKET" not in variables


def _falls_silent(manager: socket.socket) -> bool:
    try:
        for _ in range(100):
            manager.recv(4096)
    except TimeoutError:
        return True
    return False


def test_the_watchdog_is_fed_only_while_the_daemon_answers(site: Site, service_manager: socket.socket) -> None:
    told = {"NOTIFY_SOCKET": service_manager.getsockname(), "WATCHDOG_USEC": "400000"}
    with Foreground(site, "serve", "sleep 1000", environ=site.environment(**told)) as serve:
        serve.until_err("sleep started")
        daemon = site.daemon_pid()
        assert daemon is not None
        os.kill(daemon, signal.SIGSTOP)
        try:
            service_manager.settimeout(4)
            assert _falls_silent(service_manager)
        finally:
            os.kill(daemon, signal.SIGCONT)
        service_manager.settimeout(60)

        _heard(service_manager, "WATCHDOG=1")
