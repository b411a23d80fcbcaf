"""Packages that the user's environment lacks and the daemon's has: the servers, and only they.

The daemon's site-packages is not put on `sys.path`: there the user's app would find packages it forgot to declare, and
a release that breaks elsewhere would pass here. The user's own copies always win, as this finder is asked last.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType

LENT = frozenset(
    (
        "uvicorn",
        "uvloop",
        "httptools",
        "click",
        "h11",
        "websockets",
        "wsproto",
        "a2wsgi",
        "granian",
        "typing_extensions",
    )
)


class MissingPackage(Exception):
    """A package that the engine needs is found neither in the user's environment nor in the daemon's."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"cannot serve the app: {package} is not installed for {sys.executable}")
        self.hint = f"pip install 'mainstay[{extra}]'"


class DaemonsPackages:
    """A meta path finder that finds the packages of `LENT` in one folder, and nothing else."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a top-level package; its submodules are found through the package's own path."""
        if path is None and name in LENT:
            return PathFinder.find_spec(name, [self.folder], target)
        return None


def lend_from_daemon(folder: str, tag: str) -> None:
    """Find the engines' packages in `folder` too, when it was made for an interpreter like this one (`cpython-311`)."""
    if folder and tag == sys.implementation.cache_tag:
        sys.meta_path.append(DaemonsPackages(folder))


def require(package: str, extra: str) -> None:
    """Raise `MissingPackage`, naming the extra of mainstay that brings it, unless `package` can be imported."""
    if find_spec(package) is None:
        raise MissingPackage(package, extra)
