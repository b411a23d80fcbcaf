"""The family of errors that reading settings raises. No message holds the value of a secret."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class SettingsError(Exception):
    """The root: `str(error)` says what is wrong and where; `hint` is one line that says how to mend it, or empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


def listed(what: str, lines: Sequence[str]) -> str:
    """One mistake as it is, several below each other: `what` is the thing that has them."""
    return lines[0] if len(lines) == 1 else "\n  ".join([f"{what}: {len(lines)} mistakes", *lines])
