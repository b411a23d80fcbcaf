"""How many columns of a terminal a text takes: wide characters two, combining marks none (Unicode, UAX #11)."""

from __future__ import annotations


def display_width(text: str) -> int:
    """The columns that `text`, free of control characters and colours, takes."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def cut(text: str, columns: int, ellipsis: str = "…") -> str:
    """The text, or its beginning with an ellipsis when it takes more than `columns`."""
    if display_width(text) <= columns:
        return text
    room = columns - len(ellipsis)
    if room <= 0:
        return ellipsis[: max(columns, 0)]
    end = 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end] + ellipsis


def pad(text: str, columns: int, right: bool = False) -> str:
    """The text with spaces up to `columns`, after it or, to align it right, before it."""
    spaces = " " * (columns - display_width(text))
    return spaces + text if right else text + spaces


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
