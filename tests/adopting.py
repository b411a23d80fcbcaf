"""The test process as a child subreaper for a while: orphans become its children, and only for so long."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from mainstay.sys.subreaper import become_subreaper

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


@contextmanager
def adopting() -> Iterator[None]:
    """Adopt orphans; not any more afterwards, as other tests look at all children that there are."""
    become_subreaper()
    try:
        yield
    finally:
        assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0
