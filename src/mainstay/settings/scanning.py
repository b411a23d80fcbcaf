"""Walking a text from place to place, as the readers of .env files do."""

import re


def past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what matches at a place ends: there itself, when nothing does."""
    match = pattern.match(text, at)
    return match.end() if match else at


class Lines:
    """Tells the lines of places in a text, from 1. Asked in their order, it looks at each character once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._counted = (0, 1)

    def of(self, at: int) -> int:
        """The line of a place, counted on from the last one that was asked for, or from the start."""
        before, line = self._counted if self._counted[0] <= at else (0, 1)
        self._counted = (at, line + self._text.count("\n", before, at))
        return self._counted[1]
