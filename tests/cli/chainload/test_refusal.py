import errno
from pathlib import Path

import pytest

from mainstay.cli.chainload.refusal import MOST, cause_of
from tests.cli.chainload.executing import executed, script

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("#!/no/such/thing -x\n", "its first line names /no/such/thing, which cannot be run", ""),
        ("#! /no/such/thing\n", "its first line names /no/such/thing, which cannot be run", ""),
        ("#!/etc/passwd\n", "its first line names /etc/passwd, which cannot be run", ""),
        (
            "#!/bin/sh\r\necho x\r\n",
            "its first line names /bin/sh, followed by CR: that cannot be run",
            "the lines of the file end in CR LF; they must end in LF",
        ),
        (b"\x7fELF\x02\x01\x01\0 and nothing that follows", "{} is no program for this machine", ""),
        (b"\0\0\0\0\n", "{} is no program for this machine", ""),
    ],
)
def test_the_cause_is_named(tmp_path: Path, text: str | bytes, message: str, hint: str) -> None:
    tool = script(tmp_path, "tool", text)

    ended = executed([tool], PATH)

    assert (ended.code, ended.message, ended.hint) == (126, f"cannot run {tool}: {message.format(tool)}", hint)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    ended = executed([tmp_path], PATH)

    assert (ended.code, ended.message) == (126, f"cannot run {tmp_path}: it is a folder")


@pytest.mark.parametrize(
    ("words", "environ", "cause"),
    [
        (["cmd"], {"A": "x" * MOST}, f"A is too large: {MOST + 2} bytes with its name, and the system takes {MOST}"),
        (["cmd", "é" * MOST], {}, f"argument 1 is too large: {2 * MOST} bytes, and the system takes {MOST}"),
        (["cmd"] * MOST, {}, "arguments and variables are together more than the system takes"),
    ],
)
def test_what_is_too_large_is_named_and_not_shown(words: list[str], environ: dict[str, str], cause: str) -> None:
    assert cause_of("/bin/cmd", OSError(errno.E2BIG, "Argument list too long"), words, environ) == (cause, "")


def test_an_argument_as_large_as_can_be_arrives() -> None:
    ended = executed(["sh", "-c", "printf %s ${#1}", "sh", "x" * MOST], PATH)

    assert (ended.code, ended.out) == (0, str(MOST).encode())
