"""`mainstay run` as a whole; on a terminal and beside the real cross-env it is tested in `tests/cli/chainload`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.chainload.executing import ignored
from tests.cli.running import MODULE, SOURCE, Ran, environment, mainstay

FORBIDDEN = [
    *(
        "asyncio",
        "typing",
        "argparse",
        "re",
        "json",
        "enum",
        "socket",
        "selectors",
        "signal",
        "subprocess",
        "threading",
    ),
    *("logging", "collections", "functools", "pathlib", "shutil", "locale", "importlib.util", "msgspec", "psutil"),
    *("mainstay.client.connect", "mainstay.config", "mainstay.settings", "mainstay.cli.chainload.cross_env"),
]


def test_variables_are_set_and_the_command_is_run(home: Path) -> None:
    ran = mainstay(home, "run", "A=1", "B=$A-${C:-x}", "D?=4", "PATH?=", "--", "sh", "-c", 'echo "$A $B $D"; exit 7')

    assert (ran.code, ran.out, ran.err) == (7, "1 1-x 4\n", "")
    assert not home.exists()


def test_the_command_takes_the_place_of_this_process(home: Path) -> None:
    line = f'{sys.executable} -m mainstay run -- sh -c "echo \\$\\$" & echo $!; wait $!; echo $?'

    ran = subprocess.run(["sh", "-c", line], env=environment(home), capture_output=True, text=True)

    first, second, code = sorted(ran.stdout.split(), reverse=True)
    assert (first, code) == (second, "0")


def test_it_starts_fast_as_it_imports_next_to_nothing(home: Path) -> None:
    code = (
        f"import os, sys; sys.path.insert(0, {SOURCE!r}); from mainstay.cli.main import main\n"
        "os.execve = lambda *_: sys.exit(print(*sys.modules))\n"
        "main(['run', 'A=1', 'B=${A:-x}', '-u', 'C', '--', 'true'])"
    )

    ran = subprocess.run([sys.executable, "-S", "-c", code], env=environment(home), capture_output=True, text=True)

    loaded = ran.stdout.split()
    assert (ran.returncode, "mainstay.cli.commands.run" in loaded) == (0, True)
    assert [name for name in FORBIDDEN if name in loaded] == []


def test_the_environment_and_the_words_arrive_byte_for_byte(home: Path) -> None:
    environ = {
        **{os.fsencode(name): os.fsencode(value) for name, value in environment(home).items()},
        b"BYTES": b"\xff",
        b"a.b-c": b"1",
        b"\xc3\xa9": b"",
        b"EMPTY": b"",
        b"LINES_": b"a\nb",
    }
    words = [b"", b" ", b"\xfe\n", b"'$A'", b"\\", b"--", b"B=1"]
    shows = [b"sh", b"-c", b"cat /proc/$$/cmdline /proc/$$/environ", b"sh"]
    line = [*map(os.fsencode, MODULE), b"run", b"NEW=\xfd$BYTES", *shows, *words]

    ran = subprocess.run(line, env=environ, capture_output=True, check=True)

    arrived = ran.stdout.split(b"\0")[4:-1]
    assert arrived[: len(words)] == words
    assert dict(entry.split(b"=", 1) for entry in arrived[len(words) :]) == {**environ, b"NEW": b"\xfd\xff"}


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True).map(str.encode)
BYTES = st.binary(max_size=40).map(lambda some: some.replace(b"\0", b""))


@settings(max_examples=60, deadline=None)
@given(
    values=st.dictionaries(NAMES, BYTES.map(lambda some: some.replace(b"$", b""))),
    inherited=st.dictionaries(NAMES, BYTES),
    words=st.lists(BYTES, max_size=5),
)
def test_any_bytes_arrive(values: dict[bytes, bytes], inherited: dict[bytes, bytes], words: list[bytes]) -> None:
    environ = {**inherited, b"PATH": b"/usr/bin:/bin", b"PYTHONPATH": SOURCE.encode(), b"LC_ALL": b"C.UTF-8"}
    values = {f"V_{at}".encode() + name: value for at, (name, value) in enumerate(values.items())}
    assignments = [name + b"=" + value for name, value in values.items()]
    shows = [b"sh", b"-c", b"cat /proc/$$/cmdline /proc/$$/environ", b"sh"]

    ran = subprocess.run(
        [*map(os.fsencode, MODULE), b"run", *assignments, *shows, *words], env=environ, capture_output=True, check=True
    )

    arrived = ran.stdout.split(b"\0")[4:-1]
    assert arrived[: len(words)] == words
    assert dict(entry.split(b"=", 1) for entry in arrived[len(words) :]) == {**environ, **values}


@pytest.mark.parametrize("lang", [None, "C", "POSIX"])
def test_what_python_sets_for_itself_does_not_arrive(home: Path, lang: str | None) -> None:
    environ = environment(home)
    del environ["LANG"]

    ran = subprocess.run(
        [*MODULE, "run", "env"], env={**environ, **({"LANG": lang} if lang else {})}, capture_output=True, text=True
    )

    assert "LC_CTYPE" not in ran.stdout


def test_a_shell_reads_the_joined_words(home: Path) -> None:
    assert mainstay(home, "run", "--shell", "A=1", "echo $A && echo two; exit 3") == Ran(3, "1\ntwo\n")
    assert mainstay(home, "run", "--shell", "A=1", "echo", "a  b", "'a  b'", "$A", "", "'$A'") == Ran(
        0, "a b a  b 1 $A\n"
    )
    assert mainstay(home, "run", "--shell", "--", "-x").code == 127


def test_words_are_expanded_when_asked_for(home: Path) -> None:
    words = ["A=1 2", "--", "printf", "[%s]", "$A", "\\$A", "", "$NOTHING"]

    assert mainstay(home, "run", "--expand-args", *words).out == "[1 2][$A][][]"
    assert mainstay(home, "run", *words).out == "[$A][\\$A][][$NOTHING]"


def test_the_environment_is_named(home: Path) -> None:
    assert mainstay(home, "run", "--env", "staging", "sh", "-c", "echo $APP_ENV $NODE_ENV").out == "staging staging\n"


def test_files_are_read(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("A=a\nB=a\na.b-c=1\n")
    (tmp_path / "b.env").write_text("A=b\n")
    shows = 'echo "$A $B"; tr "\\0" "\\n" </proc/$$/environ | grep ^a.b-c'
    line = ("-f", "a.env", "-f", "b.env", "B=$A!", "--", "sh", "-c", shows)

    assert mainstay(home, "run", *line, cwd=tmp_path).out == "a a!\na.b-c=1\n"
    assert mainstay(home, "run", *line, cwd=tmp_path, A="").out == " !\na.b-c=1\n"
    assert mainstay(home, "run", "--override", *line, cwd=tmp_path, A="old").out == "b b!\na.b-c=1\n"


def test_odd_lines_of_a_file_are_told_on_stderr(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("A=1\nodd\n")

    ran = mainstay(home, "run", "-f", "a.env", "sh", "-c", "echo $A", cwd=tmp_path)
    quiet = mainstay(home, "run", "--quiet", "-f", "a.env", "sh", "-c", "echo $A", cwd=tmp_path)

    assert (ran.out, ran.err) == ("1\n", "mainstay: a.env:2: not of the form NAME=value\n")
    assert (quiet.out, quiet.err) == ("1\n", "")


def test_no_file_is_read_that_was_not_asked_for(home: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")

    assert mainstay(home, "run", "sh", "-c", "echo [$A]", cwd=tmp_path).out == "[]\n"


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (["-f", "nothing", "true"], 1, "cannot read nothing: no such file or directory"),
        (["-f", ".", "true"], 1, "cannot read .: is a directory"),
        (["A=${B:?set B}", "true"], 1, "cannot set A: B is not set or is empty: set B"),
        (["A=${B%x}", "true"], 1, "cannot set A: ${B... of character 1 is not understood"),
        (["A=1"], 2, "cannot read the command line: there is no command to run"),
        (["--verbose", "true"], 2, "cannot read the command line: no option --verbose"),
        (["./nothing"], 127, "cannot run ./nothing: there is no such file"),
        (["MY-VAR=1", "true"], 127, "cannot run MY-VAR=...: it is no assignment, and no such command is found"),
        (["/"], 126, "cannot run /: it is a folder"),
    ],
)
def test_an_error_is_one_line_and_a_code(home: Path, tmp_path: Path, line: list[str], code: int, message: str) -> None:
    ran = mainstay(home, "run", *line, cwd=tmp_path)

    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (code, "", f"mainstay: {message}")
    assert len(ran.err.splitlines()) <= 2


def test_without_a_command_the_usage_is_shown(home: Path) -> None:
    assert "usage: mainstay run [OPTIONS] [NAME=VALUE ...] [--] COMMAND" in mainstay(home, "run").err


def test_a_value_that_is_too_large_is_named_and_not_shown(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(f"HUGE={'hunter2' * 20000}\n")

    ran = mainstay(home, "run", "-f", "a.env", "true", cwd=tmp_path)

    assert (ran.code, "hunter2" in ran.err) == (126, False)
    assert ran.err.startswith("mainstay: cannot run true: HUGE is too large: 140005 bytes with its name")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_stay_closed(home: Path, tmp_path: Path, closed: str) -> None:
    line = f"exec {sys.executable} -m mainstay run sh -c 'ls /proc/$$/fd >{tmp_path}/seen' {closed}"
    plain = f"exec sh -c 'ls /proc/$$/fd >{tmp_path}/plain' {closed}"

    code = subprocess.run(["sh", "-c", line], env=environment(home)).returncode
    subprocess.run(["sh", "-c", plain], env=environment(home), check=True)

    assert (code, (tmp_path / "seen").read_text()) == (0, (tmp_path / "plain").read_text())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL, signal.SIGUSR1])
def test_a_signal_reaches_the_command_and_ends_it(home: Path, number: signal.Signals) -> None:
    line = [*MODULE, "run", "sh", "-c", "echo ready; read line"]
    with subprocess.Popen(line, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        code = process.wait(60)

    assert code == -number


def test_a_command_whose_reader_goes_away_ends_as_it_does_alone(home: Path) -> None:
    line = f"{sys.executable} -m mainstay run yes | head -n 1; echo ${{PIPESTATUS[0]}}"

    ran = subprocess.run(["bash", "-c", line], env=environment(home), capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("y\n141\n", "")


def test_a_signal_that_is_ignored_stays_so(home: Path) -> None:
    line = f"trap '' HUP; exec {sys.executable} -m mainstay run grep SigIgn /proc/self/status"

    ran = subprocess.run(["sh", "-c", line], env=environment(home), capture_output=True, text=True)

    assert ignored(ran.stdout) == {signal.SIGHUP}


def test_what_would_be_run_is_shown_and_not_run(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("A=old\nDB_PASSWORD=hunter2\n")

    ran = mainstay(home, "run", "--print", "-f", "a.env", "B=$A", "-u", "C", "--", "touch", "x y", cwd=tmp_path, A="a")

    assert ran == Ran(
        0,
        "A            environment   a  (not from a.env:1)\n"
        "B            command line  a\n"
        "C            -u            (not set)\n"
        "DB_PASSWORD  a.env:2       ********\n"
        "runs: touch 'x y'\n",
    )
    assert not (tmp_path / "x y").exists()


def test_what_would_be_run_is_shown_as_json(home: Path) -> None:
    ran = mainstay(home, "run", "--json", "--shell", "A=1", "echo $A")

    assert json.loads(ran.out) == {
        "variables": [{"name": "A", "value": "1", "source": "command line", "unused": None}],
        "command": ["/bin/sh", "-c", "--", "echo $A"],
    }


def test_the_help_says_how_it_is_used(home: Path) -> None:
    ran = mainstay(home, "run", "A=1", "--help")

    assert (ran.code, ran.out.startswith("usage: mainstay run [OPTIONS] [NAME=VALUE ...] [--] COMMAND")) == (0, True)
    assert "mainstay run-job" in " ".join(ran.out.split())


def test_what_cross_env_would_run_is_shown(home: Path) -> None:
    ran = mainstay(home, "run", "--print", "--compat", "cross-env", "MY-A=1", "B='x y'", "cmd", "it's")

    assert ran == Ran(0, "A  command line  1\nB  command line  x y\nruns: cmd its\n")
