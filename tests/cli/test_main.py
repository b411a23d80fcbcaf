import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay import __version__
from tests.cli.fake_daemon import FakeDaemon, row
from tests.cli.running import MODULE, OnTerminal, environment, mainstay, on_terminal


@pytest.mark.parametrize("argv", [("--version",), ("-V",)])
def test_the_version_is_one_line(home: Path, argv: tuple[str, ...]) -> None:
    ran = mainstay(home, *argv)

    assert (ran.code, ran.out, ran.err) == (0, f"mainstay {__version__}\n", "")


@pytest.mark.parametrize("argv", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_the_commands_by_purpose(home: Path, argv: tuple[str, ...]) -> None:
    ran = mainstay(home, *argv)

    assert ran.code == 0
    assert [word for word in ("Run", "See", "Tend", "Shell") if f"\n{word}\n" in ran.out] == [
        "Run",
        "See",
        "Tend",
        "Shell",
    ]
    assert not home.exists()


def test_an_unknown_command_is_answered_with_the_nearest(home: Path) -> None:
    ran = mainstay(home, "relaod", "web")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "mainstay: no command is called 'relaod'\n  hint: did you mean `mainstay reload`?\n"


def test_an_unknown_option_is_a_usage_error(home: Path) -> None:
    ran = mainstay(home, "--verbose")

    assert (ran.code, ran.err.splitlines()[0]) == (2, "mainstay: cannot read the command line: no option --verbose")


def test_a_bug_shows_no_traceback(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows({"not": "a row"})

    ran = mainstay(home, "list")

    assert ran.code == 1
    assert ran.err.startswith("mainstay: a bug in mainstay: KeyError: ")
    assert "Traceback" not in ran.err
    assert "Traceback" in (home / "crash.log").read_text()


def test_a_reader_that_goes_away_is_no_error(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(*(row(f"web-{i}") for i in range(3000)))
    command = subprocess.Popen(
        [*MODULE, "list"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.readline()
    command.stdout.close()
    err = command.stderr.read()
    command.stderr.close()

    assert (command.wait(), err) == (141, "")


def test_a_full_disk_behind_stdout_is_told(home: Path) -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*MODULE, "help"], env=environment(home), stdout=full, stderr=subprocess.PIPE, text=True)

    assert (ran.returncode, ran.stderr) == (1, "mainstay: cannot write the output: No space left on device\n")


def test_a_disk_that_fills_up_while_a_command_writes_is_told(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(*(row(f"web-{i}") for i in range(3000)))

    with open("/dev/full", "w") as full:
        ran = subprocess.run([*MODULE, "list"], env=environment(home), stdout=full, stderr=subprocess.PIPE, text=True)

    assert (ran.returncode, ran.stderr) == (1, "mainstay: cannot write the output: No space left on device\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(home: Path, daemon: FakeDaemon, closed: str) -> None:
    daemon.rows(row("web-0"))

    line = f"exec {sys.executable} -m mainstay list {closed}"
    ran = subprocess.run(["sh", "-c", line], env=environment(home), capture_output=True, text=True)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(daemon.asked("list")) == 1


def test_a_name_that_stdout_cannot_show_is_escaped(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("日本-0"))

    ran = mainstay(home, "list", PYTHONIOENCODING="ascii")

    assert (ran.code, "\\u65e5\\u672c" in ran.out) == (0, True)


def test_a_daemon_of_another_protocol_is_one_clear_line(home: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "9.0", "protocol": 9, "pid": 77}):
        ran = mainstay(home, "list")

    assert ran.code == 1
    assert ran.err.startswith("mainstay: cannot talk to the daemon (pid 77): it is mainstay 9.0 with protocol 9")


def test_a_home_that_others_may_write_to_is_refused(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)

    ran = mainstay(home, "list")

    assert (ran.code, ran.err) == (
        1,
        f"mainstay: cannot use {home}: others may write to it\n  hint: chmod 700 {home}\n",
    )


def test_an_interrupt_is_exit_code_130(home: Path) -> None:
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(home / "daemon.sock"))
        silent.listen()
        with OnTerminal(home, "list") as command:
            connection, _ = silent.accept()
            with connection:
                command.interrupt()
                ran = command.ended()

    assert ran.code == 130
    assert "Traceback" not in ran.out


def test_colours_are_for_terminals(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0"))

    assert "\x1b[32monline" in on_terminal(home, "list").out
    assert "\x1b[" not in on_terminal(home, "list", NO_COLOR="1").out
    assert "\x1b[" not in on_terminal(home, "list", TERM="dumb").out
    assert "\x1b[" not in mainstay(home, "list").out
    assert "\x1b[32monline" in mainstay(home, "list", FORCE_COLOR="1").out


def test_the_module_can_be_run_from_a_checkout(home: Path) -> None:
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [*MODULE, "--version"],
        cwd=source,
        env={"PATH": os.environ["PATH"], "MAINSTAY_HOME": str(home)},
        capture_output=True,
    )

    assert ran.stdout.decode() == f"mainstay {__version__}\n"
