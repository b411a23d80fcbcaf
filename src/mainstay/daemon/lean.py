"""The little that the daemon uses of `contextlib`, whose abstract classes would cost it 250 KB with all they need."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypeVar

    T = TypeVar("T")


class suppress:  # noqa: N801  # stands in for contextlib's
    """As `contextlib.suppress`."""

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, self._kinds)


class ExitStack:
    """As `contextlib.ExitStack`, but what is entered is not told of an exception and cannot swallow it."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[tuple[Callable[..., object], tuple[object, ...]]] = []

    def __enter__(self) -> "ExitStack":
        return self

    def __exit__(self, *_: object) -> None:
        if self._undo:
            undo, arguments = self._undo.pop()
            try:
                undo(*arguments)
            finally:
                self.__exit__()

    def enter_context(self, entered: "AbstractContextManager[T]") -> "T":
        """Enter it, and leave it at the end."""
        result = entered.__enter__()
        self.callback(entered.__exit__, None, None, None)
        return result

    def callback(self, undo: "Callable[..., object]", *arguments: object) -> None:
        """Call this at the end; what was asked for last comes first."""
        self._undo.append((undo, arguments))
