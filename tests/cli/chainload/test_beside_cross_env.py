"""`mainstay run --compat` beside the real cross-env: real processes, what they write and how they end."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.cli.chainload.executing import script
from tests.cli.chainload.original import command
from tests.cli.running import MODULE, environment
from tests.waiting import until


@pytest.fixture(scope="module")
def original() -> Mapping[str, Sequence[str]]:
    """The beginnings of command lines that run the real ones."""
    return {name: command(name) for name in ("cross-env", "cross-env-shell")}


SHOWS = """#!/bin/sh
echo "in $A,$B,$FOO,$b,${UNSET-unset}"
printf '[%s]' "$@"
"""
LINES = [
    ["A=1", "./shows", "x", "", "it's 'quoted'", "a\\\\b", "\\$A", "$A"],
    ["A='x y'", 'B="$HOME z"', "./shows", "--"],
    ["MY-FOO=1", "--b=2", "./shows"],
    ["PATH=.:$PATH", "shows", "é", "日本"],
    ["A=one\ntwo", "B=$A", "./shows", "three\nfour"],
    ["A=1", "./plain", "a", "b c"],
    ["A=1"],
    [],
    ["", ""],
    ["'"],
    ["no-such-tool"],
    ["/"],
    ["--", "./shows"],
    ["sh", "-c", "exit 0"],
    ["sh", "-c", "exit 42"],
    ["sh", "-c", "exit 255"],
    *(["sh", "-c", f"kill -{number} $$"] for number in (1, 2, 9, 13, 15)),
    ["sh", "-c", "trap exit INT; kill -INT $$"],
    ["grep", "Sig[BI]", "/proc/self/status"],
    ["sh", "-c", "ls /proc/$$/fd"],
    ["sh", "-c", "cat; echo end"],
]
SHELL_LINES = [
    ["A=1", "echo $A && echo two; exit 3"],
    ["A=1", "echo", "a  b", "'a  b'", "\\'a  b\\'", "$A", ""],
    ["echo $0; tr '\\0' '|' </proc/$$/cmdline"],
    ["A=1"],
    ["no-such-tool"],
    ["kill -INT $$"],
    ["kill -TERM $$"],
    ["-x"],
]


@pytest.mark.parametrize(
    ("name", "words"),
    [*(("cross-env", words) for words in LINES), *(("cross-env-shell", words) for words in SHELL_LINES)],
)
def test_the_real_cross_env_does_the_same(
    home: Path, tmp_path: Path, original: Mapping[str, Sequence[str]], name: str, words: list[str]
) -> None:
    script(tmp_path, "shows", SHOWS)
    script(tmp_path, "plain", SHOWS.partition("\n")[2])

    theirs, ours = (
        subprocess.run(
            [*line, *words],
            cwd=tmp_path,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        for line in (original[name], [*MODULE, "run", "--compat", name])
    )

    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
    assert b"Traceback" not in ours.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_real_cross_env_ends_the_same_by_a_signal(
    home: Path, original: Mapping[str, Sequence[str]], number: signal.Signals
) -> None:
    codes = []
    for line in (original["cross-env"], [*MODULE, "run", "--compat", "cross-env"]):
        command = [*line, "sh", "-c", "echo ready; read line"]
        with subprocess.Popen(command, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            until(partial(_catches, process.pid, signal.SIGHUP))  # the last one that either begins to catch
            process.send_signal(number)
            codes.append(process.wait(60))

    assert codes == [0 if number == signal.SIGINT else 1] * 2


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1)
