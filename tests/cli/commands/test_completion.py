import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, row
from tests.cli.running import SOURCE, environment, mainstay


def test_names_are_what_can_be_selected(home: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0"), row("web-1"), row("jobs-0", id=2))

    assert mainstay(home, "completion", "names").out.split() == ["web", "jobs", "web-0", "web-1", "jobs-0", "all"]


def test_without_a_daemon_there_are_no_names_and_no_error(home: Path) -> None:
    ran = mainstay(home, "completion", "names")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(home: Path, shell: str) -> None:
    ran = mainstay(home, "completion", shell)

    assert (ran.code, "mainstay" in ran.out) == (0, True)


def test_another_shell_is_refused(home: Path) -> None:
    assert mainstay(home, "completion", "tcsh").code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["mainstay", "rel"], ["reload"]),
        (["mainstay", "help", "desc"], ["describe", "desc"]),
        (["mainstay", "reload", "we"], ["web", "web-0"]),
        (["mainstay", "reload", "web", "--c"], ["--canary", "--continue"]),
        (["mainstay", "ls", "--j"], ["--json"]),
    ],
)
def test_bash_completes(home: Path, tmp_path: Path, daemon: FakeDaemon, line: list[str], words: list[str]) -> None:
    daemon.rows(row("web-0"))
    program = tmp_path / "mainstay"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={SOURCE} exec {sys.executable} -m mainstay "$@"\n')
    program.chmod(0o755)
    script = f"""
        PATH="{tmp_path}:$PATH"
        {mainstay(home, "completion", "bash").out}
        COMP_WORDS=({" ".join(line)}) COMP_CWORD={len(line) - 1}
        _mainstay
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """

    done = subprocess.run(["bash", "--norc", "-c", script], env=environment(home), capture_output=True, text=True)

    assert (done.stdout.split(), done.stderr) == (words, "")
