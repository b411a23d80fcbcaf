import signal

import pytest

from mainstay.model.exits import (
    Ending,
    Exited,
    Signaled,
    Unstarted,
    Vanished,
    shell_code,
    signal_name,
    signal_number,
)


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (Exited(0), "exit code 0"),
        (Exited(137), "exit code 137"),
        (Signaled(9), "killed by SIGKILL"),
        (Signaled(11, dumped=True), "killed by SIGSEGV, core dumped"),
        (Unstarted("no such program: x"), "no such program: x"),
        (Vanished(), "ended while no one was looking"),
    ],
)
def test_an_ending_is_told_whole(ending: Ending, text: str) -> None:
    assert str(ending) == text


def test_a_signal_is_never_an_exit_code() -> None:
    endings: set[Ending] = {Signaled(9), Exited(-9), Exited(137)}

    assert len(endings) == 3


@pytest.mark.parametrize("written", ["SIGTERM", "TERM", "sigterm", "term", "15"])
def test_a_signal_is_known_by_any_of_its_names(written: str) -> None:
    assert signal_number(written) == signal.SIGTERM


@pytest.mark.parametrize("written", ["", "SIGFOO", "0", "-1", "999", "1.5"])
def test_an_unknown_signal_is_none(written: str) -> None:
    assert signal_number(written) is None


def test_every_signal_has_a_name() -> None:
    assert signal_name(signal.SIGKILL) == "SIGKILL"
    assert signal_name(50) == "signal 50"
    assert all(signal_number(signal_name(number)) == number for number in signal.Signals)


@pytest.mark.parametrize(
    ("ending", "code"), [(Exited(3), 3), (Exited(0), 0), (Signaled(9), 137), (Unstarted("x"), None), (Vanished(), None)]
)
def test_an_ending_as_a_shell_has_it(ending: Ending, code: int | None) -> None:
    assert shell_code(ending) == code
