"""Keeping the daemon small: modules that others import and the daemon hardly ever uses are loaded when they are used.

`dataclasses` needs `inspect` only for classes without a docstring and `copy` only for `asdict`; `socket` needs
`selectors` only to send files. With what they import in turn that is 1.8 MB, a fifth of what the daemon takes in all.
"""

import sys
from types import ModuleType

POSTPONED = ("inspect", "copy", "selectors")


class _OnDemand(ModuleType):
    """Stands in for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(__import__(self.__name__), name)


def postpone() -> None:
    """Have these modules cost nothing until they are used; to be called before anything else is imported."""
    for name in POSTPONED:
        if name not in sys.modules:
            sys.modules[name] = _OnDemand(name)


def settle() -> None:
    """All of ours is imported: who imports one of these modules from now on gets the real one."""
    for name in POSTPONED:
        if isinstance(sys.modules.get(name), _OnDemand):
            del sys.modules[name]
