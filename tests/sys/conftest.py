"""Tests of this folder look at all children of the test process: there are none of other tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_children_of_others() -> None:
    """Reap what an earlier test adopted and left."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            return
        if found is None:
            return
