import os
import signal
import threading
import time

from mainstay.cli.signals import Signals


def test_signals_are_taken_in_the_order_in_which_they_came() -> None:
    with Signals((signal.SIGUSR1, signal.SIGUSR2)) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        signals.wait(10)

        assert signals.take() == [signal.SIGUSR1, signal.SIGUSR2]
        assert signals.take() == []


def test_waiting_ends_when_one_comes() -> None:
    with Signals((signal.SIGUSR1,)) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)

        began = time.monotonic()
        signals.wait(60)

        assert time.monotonic() - began < 30
        assert signals.take() == [signal.SIGUSR1]


def test_another_thread_can_end_the_wait() -> None:
    with Signals(()) as signals:
        thread = threading.Timer(0.05, signals.wake)
        began = time.monotonic()
        thread.start()
        signals.wait(60)

        assert time.monotonic() - began < 30
        thread.join()


def test_those_that_want_the_end_can_be_taken_alone() -> None:
    with Signals((signal.SIGUSR1, signal.SIGTERM)) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)

        assert signals.take_stops() == 1
        assert signals.take() == [signal.SIGUSR1]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with Signals((signal.SIGUSR1,)):
        assert signal.getsignal(signal.SIGUSR1) != before

    assert signal.getsignal(signal.SIGUSR1) == before
