import os
import signal
from pathlib import Path

import pytest

from tests.cli.chainload.executing import Environ, executed, script

PATH = {"PATH": "/usr/bin:/bin"}


def test_words_arrive_as_they_are() -> None:
    words: list[bytes] = [b"", b" ", b"a\nb", b"'", b"\\", b"$A", b"\xff\xfe", "é".encode(), b"--", b"A=1"]

    ended = executed(["sh", "-c", "cat /proc/$$/cmdline", "sh", *words], PATH)

    assert (ended.code, ended.out.split(b"\0")[4:-1]) == (0, words)


def test_the_environment_arrives_byte_for_byte() -> None:
    environ: Environ = {b"PATH": b"/usr/bin:/bin", b"A": b"\xff", b"a.b-c": b"1", b"\xc3\xa9": b"", b"EMPTY": b""}

    ended = executed(["cat", "/proc/self/environ"], environ)

    assert dict(entry.split(b"=", 1) for entry in ended.out.split(b"\0")[:-1]) == environ


@pytest.mark.parametrize("status", [0, 1, 7, 126, 255])
def test_the_exit_code_is_the_command_s(status: int) -> None:
    assert executed(["sh", "-c", f"exit {status}"], PATH).code == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ])
def test_a_signal_ends_it_as_it_ends_the_command(number: signal.Signals) -> None:
    assert executed(["sh", "-c", f"kill -{number.value} $$"], PATH).code == -number


def test_the_path_is_that_of_the_new_environment(tmp_path: Path) -> None:
    script(tmp_path / "one", "tool", "#!/bin/sh\necho one")
    script(tmp_path / "two", "tool", "#!/bin/sh\necho two")

    assert executed(["tool"], {"PATH": f"{tmp_path}/none:{tmp_path}/two:{tmp_path}/one"}).out == b"two\n"


def test_without_a_path_the_system_s_folders_are_searched() -> None:
    assert executed(["true"], {}).code == 0


@pytest.mark.parametrize("path", ["", ":/usr/bin", "/usr/bin:"])
def test_an_empty_part_of_the_path_is_the_working_folder(tmp_path: Path, path: str) -> None:
    script(tmp_path, "tool", "#!/bin/sh\necho here")

    assert executed(["tool"], {"PATH": path}, cwd=tmp_path).out == b"here\n"


def test_a_file_that_may_not_be_executed_is_passed_over_for_one_that_may(tmp_path: Path) -> None:
    script(tmp_path / "one", "tool", "#!/bin/sh\necho one", 0o644)
    script(tmp_path / "two", "tool", "#!/bin/sh\necho two")

    assert executed(["tool"], {"PATH": f"{tmp_path}/one:{tmp_path}/two"}).out == b"two\n"


def test_a_script_without_a_first_line_is_the_shell_s(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", 'echo "$0" "$@"')

    assert executed([tool, "a", "", "b c"], PATH).out == f"{tool} a  b c\n".encode()
    assert executed(["tool", "x"], {"PATH": str(tmp_path)}).out == f"{tool} x\n".encode()


def test_an_empty_script_does_nothing(tmp_path: Path) -> None:
    assert executed([script(tmp_path, "tool", "")], PATH).code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-tool"], "cannot run no-such-tool: no folder of PATH has it"),
        (["./nothing"], "cannot run ./nothing: there is no such file"),
        (["x" * 5000], f"cannot run {'x' * 5000}: no folder of PATH has it"),
        (["/etc/passwd/x"], "cannot run /etc/passwd/x: there is no such file"),
        (["db://u:hunter2@h/x=1"], "cannot run db://u:********@h/x=1: there is no such file"),
        ([""], "cannot run '': the command's name is empty"),
        (["A-B=secret"], "cannot run A-B=...: it is no assignment, and no such command is found"),
        (["A=secret"], "cannot run A=...: it is no assignment, and no such command is found"),
    ],
)
def test_what_is_not_found_is_127(words: list[str], message: str) -> None:
    ended = executed(words, PATH)

    assert (ended.code, ended.message) == (127, message)


def test_a_script_that_no_shell_reads_is_explained() -> None:
    ended = executed(["echo a && echo b"], PATH)

    assert (ended.code, ended.hint) == (127, "--shell lets /bin/sh read it")


def test_a_folder_of_that_name_on_the_path_is_not_it(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()

    assert executed(["tests"], {"PATH": str(tmp_path)}).code == 127


def test_what_is_there_and_cannot_be_executed_is_126(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", "echo x", 0o644)

    direct, searched = executed([tool], PATH), executed(["tool"], {"PATH": str(tmp_path)})

    assert (direct.code, direct.message) == (126, f"cannot run {tool}: {tool} is not executable")
    assert (searched.code, searched.message) == (126, f"cannot run tool: {tool} is not executable")
    assert direct.hint == f"chmod +x {tool}"


def test_a_program_that_is_being_written_is_126(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", Path("/bin/true").read_bytes())

    with tool.open("ab"):
        ended = executed([tool], PATH)

    assert (ended.code, ended.message) == (126, f"cannot run {tool}: text file busy")


def test_descriptors_are_handed_on() -> None:
    reads, writes = os.pipe()
    try:
        executed(["sh", "-c", f"echo here >/dev/fd/{writes}"], PATH, pass_fds=(writes,))
    finally:
        os.close(writes)

    with os.fdopen(reads) as pipe:
        assert pipe.read() == "here\n"
