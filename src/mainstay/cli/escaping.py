"""Foreign text made safe for a terminal: no control character of an app's output reaches it, but colours may.

What is at stake: a log line could set the window's title, move the cursor, or make some terminals run commands.
"""

from __future__ import annotations

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}
_BIDI = {code: f"\\u{code:04x}" for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_ESCAPES = _CONTROL | _BIDI
_SGR = frozenset("0123456789;:")


def escaped(text: str) -> str:
    """Every control character but tab as `\\x1b`, and marks that turn the direction of text as `\\u202e`."""
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPES)


def escaped_but_colours(text: str) -> str:
    """The same, with SGR sequences (`ESC [ ... m`) let through, and a reset at the end if there were any."""
    if "\x1b[" not in text:
        return escaped(text)
    first, *rest = text.split("\x1b[")
    parts = [escaped(first)]
    coloured = False
    for piece in rest:
        end = next((i for i, character in enumerate(piece) if character not in _SGR), len(piece))
        if piece[end : end + 1] == "m":
            parts.append(f"\x1b[{piece[: end + 1]}{escaped(piece[end + 1 :])}")
            coloured = True
        else:
            parts.append(escaped("\x1b[" + piece))
    return "".join(parts) + ("\x1b[0m" if coloured else "")


def without_colours(text: str) -> str:
    """`escaped_but_colours` with the SGR sequences taken out."""
    first, *rest = text.split("\x1b[")
    parts = [escaped(first)]
    for piece in rest:
        end = next((i for i, character in enumerate(piece) if character not in _SGR), len(piece))
        parts.append(escaped(piece[end + 1 :] if piece[end : end + 1] == "m" else "\x1b[" + piece))
    return "".join(parts)
