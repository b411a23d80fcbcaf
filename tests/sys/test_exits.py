import os
import signal

from mainstay.sys.exits import Code, Signal, from_wait_status, from_waitid


def test_an_exit_code_and_a_signal_of_the_same_number_differ() -> None:
    assert from_waitid(os.CLD_EXITED, 9) == Code(9)
    assert from_waitid(os.CLD_KILLED, 9) == Signal(9, dumped=False)


def test_a_dumped_core_is_told() -> None:
    assert from_waitid(os.CLD_DUMPED, signal.SIGSEGV) == Signal(11, dumped=True)
    assert from_wait_status(0x80 | 11) == Signal(11, dumped=True)


def test_the_word_of_wait_is_read_the_same_way() -> None:
    assert from_wait_status(3 << 8) == Code(3)
    assert from_wait_status(15) == Signal(15, dumped=False)
