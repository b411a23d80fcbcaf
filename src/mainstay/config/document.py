"""A config file as read, whatever its format: data, and where each key stands. A new format makes one of these."""

from collections.abc import Callable
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the file: `("apps", "web", "bind", 1)`."""

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Document:
    """What one file declares."""

    path: str
    """Absolute."""
    shown: str
    """The path as people are told it: relative where it lies under the working directory."""
    data: dict[str, object]
    """What is declared: the whole file, or what stands under `root` in it."""
    line_of: Callable[[KeyPath], int]
    """The line (from 1) of a key, counted from the top of the file; that of the nearest parent that has one."""
    root: KeyPath = ()
    """Where in the file `data` stands: `("tool", "mainstay")` in a pyproject.toml."""


def dotted(path: KeyPath) -> str:
    """`apps.web.bind[1]`, as a person writes it; a key that is not a bare one is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        name = part if part and _BARE.issuperset(part) else f'"{part}"'
        text += f".{name}" if text else name
    return text


def shown_path(path: str, cwd: str) -> str:
    """`path` relative to `cwd` where it lies under it, else as it is. Both absolute."""
    prefix = cwd.rstrip("/") + "/"
    return path.removeprefix(prefix)
