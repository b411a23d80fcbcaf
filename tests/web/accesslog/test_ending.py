"""What a process does with its access logs when it ends, forks or is told to open its files anew."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until
from tests.web.accesslog.programs import Program

MANY = 3000
NUMBERS = [f"line {number}" for number in range(MANY)]

BURST = f"""
for number in range({MANY}):
    write(f"line {{number}}")
"""


@pytest.mark.parametrize("where", ["pipe", "file"])
@pytest.mark.parametrize(
    "ending",
    [
        "",
        "sys.exit(3)",
        "raise ValueError",
        "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    ],
)
def test_nothing_is_lost_however_a_process_ends(program: Program, where: str, ending: str) -> None:
    found = program.run(BURST + ending, where)

    assert found.lines == NUMBERS


def test_sigterm_ends_it_as_it_always_does(program: Program) -> None:
    found = program.run("write('a'); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", "pipe")

    assert found.code == -signal.SIGTERM


def test_a_sigterm_in_the_middle_of_a_write_of_the_same_thread_lets_that_write_end_first(program: Program) -> None:
    code = """
    whole = os.write
    def interrupted(fd, data):
        done = whole(fd, data[:10])
        os.kill(os.getpid(), signal.SIGTERM)  # Python runs the handler before it goes on
        os.write = whole
        return done
    write("one line and")
    write("another")
    writer._awake = True
    os.write = interrupted
    writer.flush()
    time.sleep(60)
    """
    found = program.run(f"import threading\nthreading.Thread.start = lambda self: None\n{_dedented(code)}", "file")

    assert found.lines == ["one line and", "another"]
    assert found.code == -signal.SIGTERM


def test_lines_of_functions_that_run_at_the_very_end_are_written_too(program: Program) -> None:
    code = "import atexit\natexit._clear()\natexit.register(lambda: [write(str(n)) for n in range(5)])\n"
    found = program.run(code + "atexit.register(_at_exit)\nwrite('first')", "pipe")

    assert found.lines == ["first", "0", "1", "2", "3", "4"]


def test_a_handler_that_somebody_else_has_put_in_place_stays(program: Program) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    code = "write('a')\nos.kill(os.getpid(), signal.SIGHUP)\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)"
    found = program.run(code, "file", before)

    assert (found.code, found.lines) == (7, ["a"])


def test_a_pipe_that_takes_nothing_does_not_keep_a_process_alive(program: Program) -> None:
    process = program.start("for _ in range(200): write('x' * 1000)\n", "pipe")
    code = process.wait(30)
    out, err = process.communicate()
    taken = out.splitlines()

    assert code == 0
    assert set(taken) == {"x" * 1000}
    assert f"{200 - len(taken)} lines of the access log went missing: its target did not take them" in err


def test_the_end_does_not_wait_for_a_pipe_even_when_the_log_is_written_by_the_thread_that_ends(
    program: Program,
) -> None:
    code = "import threading\ndef no(self): raise RuntimeError\nthreading.Thread.start = no\n"
    process = program.start(code + "for _ in range(200): write('x' * 1000)\n", "pipe")

    assert process.wait(30) == 0


@pytest.mark.parametrize("where", ["pipe", "file"])
@pytest.mark.parametrize("before", ["", "write('before')\n"])
def test_a_forked_child_writes_its_own_lines_and_none_twice(program: Program, where: str, before: str) -> None:
    code = (
        before
        + """
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        for number in range(500):
            write(f"{child} {number}")
        sys.exit()
    children.append(pid)
    write(f"parent {child}")
for pid in children:
    os.waitpid(pid, 0)
"""
    )
    found = program.run(code, where)

    assert sorted(found.lines) == sorted(
        [f"{child} {number}" for child in range(4) for number in range(500)]
        + [f"parent {child}" for child in range(4)]
        + (["before"] if before else [])
    )
    for child in range(4):
        assert [line for line in found.lines if line.startswith(f"{child} ")] == [f"{child} {n}" for n in range(500)]


def test_a_fork_while_another_thread_writes_leaves_the_child_no_lock(program: Program) -> None:
    code = """
import threading
def busy():
    while not done:
        write("parent")
done = []
threading.Thread(target=busy).start()
for child in range(20):
    pid = os.fork()
    if pid == 0:
        write(f"child {child}")
        assert writer.flush()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
done.append(1)
"""
    found = program.run(code, "file")

    assert [line for line in found.lines if line != "parent"] == [f"child {child}" for child in range(20)]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_of_multiprocessing_loses_nothing(program: Program, method: str) -> None:
    child = program.folder / "child.py"
    child.write_text(program.source("", "file") + f"def work():\n    for n in range({MANY}): write(f'line {{n}}')\n")
    code = f"""
import multiprocessing
from child import work
if __name__ == "__main__":
    process = multiprocessing.get_context("{method}").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0
"""
    script = program.folder / "parent.py"
    script.write_text(code)
    subprocess.run([sys.executable, str(script)], check=True, timeout=60, env=program.environment())

    assert program.file.read_text().splitlines() == NUMBERS


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_opens_files_anew(program: Program, tmp_path: Path, number: int) -> None:
    code = """
import mainstay.web.accesslog.writer as module
module.RELOOK = 1e9  # it finds out by the signal alone
for text in sys.stdin:
    write(text.strip())
"""
    process = program.start(code, "file")
    assert process.stdin is not None
    process.stdin.write("one\n")
    process.stdin.flush()
    until(lambda: program.file.exists() and program.file.read_text() == "one\n")
    moved = tmp_path / "moved"
    program.file.rename(moved)
    process.send_signal(number)
    process.stdin.write("two\n")
    process.stdin.close()

    assert process.wait(30) == 0
    assert (moved.read_text(), program.file.read_text()) == ("one\n", "two\n")


def test_a_process_whose_terminal_has_gone_ends(program: Program) -> None:
    """SIGHUP then means what it always means, though it opens files anew otherwise."""
    code = "write('a')\nprint('ready', flush=True)\ntime.sleep(60)\n"
    script = program.folder / "script.py"
    script.write_text(program.source(code, "file"))
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, str(script)], program.environment())
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)

    assert os.WTERMSIG(status) == signal.SIGHUP
    assert program.file.read_text() == "a\n"


def test_a_hangup_from_a_terminal_that_is_still_there_opens_files_anew(program: Program) -> None:
    code = "write('a')\nos.kill(os.getpid(), signal.SIGHUP)\nwrite('b')\n"
    script = program.folder / "script.py"
    script.write_text(program.source(code, "file"))
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, str(script)], program.environment())
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert status == 0
    assert program.file.read_text() == "a\nb\n"


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines())
