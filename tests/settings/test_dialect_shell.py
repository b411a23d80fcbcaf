import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mainstay.settings.diagnostics import Kind
from mainstay.settings.dialect_shell import parse
from mainstay.settings.expansion import Known

SET = {"X": "outer", "E": "", "HOME": "/h", "PATH": "/nowhere"}
STARTS = ("A=", "B=1 A=", 'A="', "export A=", "A='", "A=1;B=")
PIECES = (
    *(
        "A",
        "B",
        "export ",
        "=",
        "=",
        " ",
        " ",
        "\t",
        "\n",
        "\n",
        ";",
        "\r",
        "'",
        "'",
        '"',
        '"',
        "\\",
        "#",
        "\\n",
        "$",
        "$A",
        "${A}",
    ),
    *(
        "${X}",
        "${E:-d}",
        "${N:-d}",
        "${A-q}",
        "${N}",
        "x",
        "y",
        "1",
        "*",
        "[a]",
        "~",
        "é",
        "A=",
        "B='",
        'C="',
        "{",
        "}",
        "!",
        "^",
    ),
    *("%", ",", ":", "@", "?", "`", "(", ")", "&", "|", "<"),
)


def values(text: str) -> dict[str, str]:
    return parse(text, Known(before=SET)).values


def by_sh(file: Path) -> dict[str, str]:
    """What sh has for A, B and C after it has read the file."""
    show = "".join(f'[ -n "${{{name}+x}}" ] && printf "{name}=%s\\000" "${name}"\n' for name in "ABC")
    ran = subprocess.run(["/bin/sh", "-c", f". {file}\n{show}true"], env=SET, capture_output=True, check=True)
    return dict(part.split("=", 1) for part in ran.stdout.decode().split("\0") if part)


@settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)  # the folder is made once, and most texts by chance are no plain assignments
@given(st.sampled_from(STARTS), st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_a_file_of_which_nothing_is_told_means_the_same_to_sh(tmp_path: Path, start: str, rest: str) -> None:
    found = parse(start + rest, Known(before=SET))
    assume(not found.diagnostics)
    file = tmp_path / "shell.env"
    file.write_text(start + rest)

    assert found.values == by_sh(file)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=x", "x"),
        ("export A=x", "x"),
        ("A=x#y # z", "x#y"),
        ("A=a'b c'\"d $X\"\\ e", "ab cd outer e"),
        ("A=${N:-d}/$X/${E-e}", "d/outer/"),
        ('A="\\$X \\n \\"q\\" \\\\"', '$X \\n "q" \\'),
        ("A='$X\n#'", "$X\n#"),
        ('A=on\\\ne"li\\\nne"', "oneline"),
        ("A=\n", ""),
        ("A=5$", "5$"),
        ("A=1; A=${A}2", "12"),
    ],
)
def test_a_value_is_read(text: str, value: str) -> None:
    assert values(text) == {"A": value}


def test_one_line_may_set_several() -> None:
    assert values("A=1 B=$A; C=3 # end\n") == {"A": "1", "B": "1", "C": "3"}


@pytest.mark.parametrize(
    ("text", "line", "name", "kind"),
    [
        ("A=1\nB = 1", 2, "", Kind.IGNORED),
        ("A=1 env", 1, "A", Kind.IGNORED),
        ("set -a", 1, "", Kind.IGNORED),
        ("A=$(date)", 1, "A", Kind.IGNORED),
        ("A=`date`", 1, "A", Kind.IGNORED),
        ('A="`date`"', 1, "A", Kind.IGNORED),
        ("A=~/x", 1, "A", Kind.IGNORED),
        ("A=1 & B=2", 1, "A", Kind.IGNORED),
        ("A=a|b", 1, "A", Kind.IGNORED),
        ("A=$1", 1, "A", Kind.IGNORED),
        ("A=${X:?no}", 1, "A", Kind.IGNORED),
        ("export", 1, "", Kind.IGNORED),
        ("\nA='x", 2, "A", Kind.NOT_CLOSED),
        ('A="x', 1, "A", Kind.NOT_CLOSED),
    ],
)
def test_what_a_shell_would_have_to_work_out_is_told_and_not_set(text: str, line: int, name: str, kind: Kind) -> None:
    found = parse(text, Known(before=SET))

    assert [(odd.line, odd.name, odd.kind) for odd in found.diagnostics] == [(line, name, kind)]
    assert name not in found.values


def test_reading_goes_on_behind_a_line_that_was_not_read() -> None:
    assert values("B=$A\necho hi\nA=2") == {"B": "", "A": "2"}
