import subprocess
from pathlib import Path

import pytest

from mainstay.cli.chainload.completion import TAKING_A_VALUE
from mainstay.cli.commands.run import parser
from tests.cli.running import environment, mainstay


def completed(home: Path, folder: Path, line: str, before: str = "") -> list[str]:
    """What bash offers for the last word of a line."""
    words = line.replace("=", " = ").split(" ")
    script = f"""
        {before}
        {mainstay(home, "completion", "bash").out}
        COMP_LINE={line!r} COMP_POINT={len(line)} COMP_WORDS=({" ".join(map(repr, words))}) COMP_CWORD={len(words) - 1}
        _mainstay
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**environment(home), "PATH": f"{folder}:/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(set(done.stdout.split()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program and two files."""
    made = tmp_path / "folder"
    made.mkdir()
    (made / "zz-program").touch(0o755)
    (made / "zz.env").touch()
    return made


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mainstay run zz-", ["zz-program"]),
        ("mainstay run A=1 zz-", ["zz-program"]),
        ("mainstay run A=1 -u B -f x --override -- zz-", ["zz-program"]),
        ("mainstay run ./zz-", ["./zz-program"]),
        ("mainstay run -f zz", ["zz-program", "zz.env"]),
        ("mainstay run A=1 -f zz.", ["zz.env"]),
        ("mainstay run --comp", ["--compat"]),
        ("mainstay run --compat cross-env-", ["cross-env-shell"]),
        ("mainstay run --compat cross-env A=1 zz-", ["zz-program"]),
        ("mainstay run --env prod", ["production"]),
        ("mainstay run -u MAINSTAY_H", ["MAINSTAY_HOME"]),
        ("mainstay run A=1 cat zz.", ["zz.env"]),
        ("mainstay run A=1 cat --comp", []),
        ("mainstay run -- --comp", []),
        ("mainstay run A=z", []),
    ],
)
def test_bash_completes(home: Path, folder: Path, line: str, expected: list[str]) -> None:
    assert completed(home, folder, line) == expected


def test_bash_completes_the_command_by_its_own_rules(home: Path, folder: Path) -> None:
    own = '_command_offset() { COMPREPLY=("offset$1"); }'

    assert completed(home, folder, "mainstay run A=1 git che", own) == ["offset5"]


def test_the_options_with_a_value_are_those_of_the_parser() -> None:
    takes = {o for action in parser()._actions if action.nargs != 0 for o in action.option_strings}

    assert takes == set(TAKING_A_VALUE)
