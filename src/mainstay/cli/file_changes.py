"""Files that were saved: told by the kernel through watchfiles, the extra `watch`, or found out by looking.

Either way in a thread, which calls `on_change` with the paths of what was changed together: an editor that saves
several files, or one file in several steps, is one change.
"""

from __future__ import annotations

import os
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mainstay.cli.ignored import Ignored

    OnChange = Callable[[set[str]], object]

LOOK = 0.5
"""Seconds between two looks."""
QUIET_MS = 50
LONGEST_MS = 400
"""A change is told when nothing has followed for so long; at the latest after the second of them."""
_WAKE_MS = 500
_ADDED = 1  # watchfiles.Change.added, which costs an import


def has_watchfiles() -> bool:
    """Whether the extra is installed."""
    from importlib.util import find_spec

    return find_spec("watchfiles") is not None


class _Watcher:
    """A thread that watches until it is closed."""

    def __init__(self, roots: Sequence[Ignored], on_change: OnChange) -> None:
        self._roots = roots
        self._on_change = on_change
        self._over = threading.Event()
        self._prepare()  # here, not in the thread: what is saved from now on is noticed
        self._thread = threading.Thread(target=self._run, daemon=True, name="watch")
        self._thread.start()

    def close(self) -> None:
        """Nothing is told any more."""
        self._over.set()
        self._thread.join(5)

    def _prepare(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        raise NotImplementedError


class Told(_Watcher):
    """What the kernel tells."""

    def _prepare(self) -> None:
        from watchfiles._rust_notify import RustNotify

        self._notify = RustNotify([root.root for root in self._roots], False, False, 0, True, True)

    def _run(self) -> None:
        while not self._over.is_set():
            changes = self._notify.watch(LONGEST_MS, QUIET_MS, _WAKE_MS, self._over)
            if isinstance(changes, set):
                files = {file for change, path in changes for file in self._files(change, path)}
                if files:
                    self._on_change(files)

    def _files(self, change: int, path: str) -> set[str]:
        """Those that are meant; of a new folder all in it, as some may have been there before the kernel looked."""
        is_folder = os.path.isdir(path)
        meant = [root for root in self._roots if not root(path, is_folder=is_folder)]
        if not is_folder:
            return {path} if meant else set()
        return {entry.path for root in meant if change == _ADDED for entry in _files(path, root)}


class Looked(_Watcher):
    """The same by looking at the time and size of every file."""

    def _prepare(self) -> None:
        self._seen = self._look()

    def _run(self) -> None:
        while not self._over.wait(LOOK):
            changed = more = self._changed()
            longest = time.monotonic() + LONGEST_MS / 1000
            while more and time.monotonic() < longest and not self._over.wait(QUIET_MS / 1000):
                more = self._changed()
                changed |= more
            if changed:
                self._on_change(changed)

    def _changed(self) -> set[str]:
        before, self._seen = self._seen, self._look()
        return {path for path in before.keys() | self._seen.keys() if before.get(path) != self._seen.get(path)}

    def _look(self) -> dict[str, tuple[int, int]]:
        found = {}
        for root in self._roots:
            for entry in _files(root.root, root):
                try:
                    status = entry.stat()
                except OSError:
                    continue
                found[entry.path] = (status.st_mtime_ns, status.st_size)
        return found


def _files(folder: str, ignored: Ignored) -> Iterator[os.DirEntry[str]]:
    folders = [folder]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if ignored.is_one(entry.path, is_folder=is_folder):
                continue
            if is_folder:
                folders.append(entry.path)
            else:
                yield entry
