"""Which files are nobody's work: what .gitignore names (gitignore(5)), and what no project means to watch."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FOLDERS = frozenset(
    (
        *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"),
        *(".pytest_cache", ".hypothesis", ".tox", ".nox", ".idea", ".vscode", ".eggs", "logs"),
    )
)
_FILES = (
    *(
        "*.py[co]",
        "*.log",
        "*.log.*",
        "*.sqlite",
        "*.sqlite3",
        "*.db",
        "*-journal",
        "*-wal",
        "*-shm",
        "*.pid",
        "*.sock",
    ),
    *("*.sw[a-z]", "*~", ".#*", "#*#", "*.tmp", "*.part", "4913", ".DS_Store", "*.egg-info"),
)


class _Rule:
    """A line of a .gitignore."""

    def __init__(self, line: str) -> None:
        self.keeps = line.startswith("!")
        pattern = line[1:] if line.startswith(("!", "\\!", "\\#")) else line
        self.only_folders = pattern.endswith("/")
        pattern = pattern.rstrip("/")
        anchored = "/" in pattern
        self._regex = re.compile(("" if anchored else "(?:.*/)?") + _translated(pattern.removeprefix("/")))

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether it is about this path, relative to where the .gitignore lies."""
        return (is_folder or not self.only_folders) and self._regex.fullmatch(path) is not None


def _translated(pattern: str) -> str:
    """The regular expression for a pattern without its marks."""
    regex, position = "", 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            regex, position = regex + "(?:.*/)?", position + 3
        elif rest.startswith("**"):
            regex, position = regex + ".*", position + 2
        elif rest[0] in "*?":
            regex, position = regex + ("[^/]*" if rest[0] == "*" else "[^/]"), position + 1
        elif rest[0] == "[" and (end := rest.find("]", 2)) > 0:
            inside = rest[1:end].replace("\\", "\\\\")
            regex, position = regex + f"[{'^' + inside[1:] if inside[0] == '!' else inside}]", position + end + 1
        else:
            escaped = rest[0] == "\\" and len(rest) > 1
            regex, position = regex + re.escape(rest[1] if escaped else rest[0]), position + 1 + escaped
    return regex


class Ignored:
    """Answers for paths below `root`. `patterns` are further ones, as in a .gitignore at the root."""

    def __init__(self, root: str, patterns: Iterable[str] = ()) -> None:
        self.root = root
        self._top = _repository(root)
        self._own = [_Rule(pattern) for pattern in patterns]
        self._read: dict[str, Sequence[_Rule]] = {}

    def __call__(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether this file or folder, or one that it lies in, is to be ignored. `path` is absolute."""
        relative = os.path.relpath(path, self.root)
        if relative == ".":
            return False
        if relative.startswith("../"):
            return True
        parts = relative.split("/")
        for depth in range(1, len(parts) + 1):
            if self.is_one(os.path.join(self.root, *parts[:depth]), is_folder=is_folder or depth < len(parts)):
                return True
        return False

    def is_one(self, path: str, *, is_folder: bool) -> bool:
        """The same for a path of which it is known that it lies in nothing that is ignored."""
        name = os.path.basename(path)
        if name == ".gitignore":
            self._read.pop(os.path.dirname(path), None)
        if is_folder and (name in _FOLDERS or os.path.exists(os.path.join(path, "pyvenv.cfg"))):
            return True
        if any(fnmatchcase(name, pattern) for pattern in _FILES):
            return True
        verdict = _verdict(self._own, os.path.relpath(path, self.root), is_folder)
        folder = os.path.dirname(path)
        while verdict is None:
            verdict = _verdict(self._rules(folder), os.path.relpath(path, folder), is_folder)
            if folder == self._top:
                break
            folder = os.path.dirname(folder)
        return bool(verdict)

    def _rules(self, folder: str) -> Sequence[_Rule]:
        if folder not in self._read:
            self._read[folder] = _rules(os.path.join(folder, ".gitignore"))
        return self._read[folder]


def _verdict(rules: Sequence[_Rule], path: str, is_folder: bool) -> bool | None:
    """What the last rule says that is about it; None when none is."""
    return next((not rule.keeps for rule in reversed(rules) if rule.matches(path, is_folder=is_folder)), None)


def _rules(file: str) -> list[_Rule]:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as lines:
            written = [line.rstrip("\n").rstrip(" ") for line in lines]
    except OSError:
        return []
    return [_Rule(line) for line in written if line.strip("/!") and not line.startswith("#")]


def _repository(root: str) -> str:
    """The top of the repository that the folder is in; the folder itself where it is in none."""
    folder = root
    while not os.path.exists(os.path.join(folder, ".git")):
        if folder == os.path.dirname(folder):
            return root
        folder = os.path.dirname(folder)
    return folder
