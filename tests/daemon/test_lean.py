import contextlib
import io
from types import ModuleType

import pytest

from mainstay.daemon import lean

BOTH = pytest.mark.parametrize("kind", [contextlib, lean], ids=["contextlib", "lean"])


@BOTH
def test_what_is_named_is_suppressed(kind: ModuleType) -> None:
    with kind.suppress(OSError, ValueError):
        raise FileNotFoundError


@BOTH
def test_what_is_not_named_is_raised(kind: ModuleType) -> None:
    with pytest.raises(KeyError), kind.suppress(OSError):
        raise KeyError


@BOTH
def test_a_stack_is_undone_from_its_top(kind: ModuleType) -> None:
    order: list[int] = []
    with kind.ExitStack() as stack:
        stack.callback(order.append, 1)
        stack.callback(order.append, 2)

    assert order == [2, 1]


@BOTH
def test_what_a_stack_entered_is_left(kind: ModuleType) -> None:
    with kind.ExitStack() as stack:
        file = stack.enter_context(io.StringIO())
        assert not file.closed

    assert file.closed


@BOTH
def test_a_stack_is_undone_whole_though_something_fails(kind: ModuleType) -> None:
    order: list[int] = []
    stack = kind.ExitStack()
    stack.callback(order.append, 1)
    stack.callback(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError), stack:
        raise KeyError

    assert order == [1]
