"""The timetable of a worker's end, and the end that comes in any case."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.runtime.ending import timetable
from tests.runtime.fake_daemon import ROOT


@pytest.mark.parametrize(("stop_timeout", "cut"), [(10.0, 9.5), (60.0, 57.0), (1.0, 0.5), (0.2, 0.1)])
def test_some_time_is_kept_for_the_end(stop_timeout: float, cut: float) -> None:
    assert timetable(stop_timeout).cut == pytest.approx(cut)


@given(st.floats(0.01, 86400))
def test_everything_is_over_before_sigkill(stop_timeout: float) -> None:
    times = timetable(stop_timeout)

    assert 0 < times.cut < times.leave < stop_timeout


def test_a_thread_that_never_ends_does_not_keep_the_process() -> None:
    code = (
        "import threading; from mainstay.runtime.ending import leave_within\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "print('said', end=''); leave_within(0.05, 5)"
    )

    result = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": f"{ROOT}/src"}, capture_output=True)

    assert (result.returncode, result.stdout) == (5, b"said")
