"""Keeping the daemon small: modules that others import and the daemon hardly ever uses are loaded when they are used.

`dataclasses` needs `inspect` only for classes without a docstring, `copy` only for `asdict`, and `re` only for
annotations that are text; `socket` needs `selectors` only to send files. With what they import in turn that is 2 MB of
the 10 that the daemon would take.
"""

import sys
from types import ModuleType

POSTPONED = ("inspect", "copy", "selectors", "re")


class _OnDemand(ModuleType):
    """Stands in for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        return getattr(_real(self), name)


class _Pattern:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, module: ModuleType, arguments: tuple[object, ...]) -> None:
        self._module = module
        self._arguments = arguments

    def __getattr__(self, name: str) -> object:
        return getattr(_real(self._module).compile(*self._arguments), name)


def _real(stand_in: ModuleType) -> ModuleType:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]
    return __import__(stand_in.__name__)


def postpone() -> None:
    """Have these modules cost nothing until they are used; to be called before anything else is imported."""
    for name in POSTPONED:
        if name not in sys.modules:
            module = _OnDemand(name)
            if name == "re":
                module.compile = lambda *arguments, module=module: _Pattern(module, arguments)  # type: ignore[attr-defined]
            sys.modules[name] = module


def settle() -> None:
    """All of ours is imported: who imports one of these modules from now on gets the real one."""
    for name in POSTPONED:
        if isinstance(sys.modules.get(name), _OnDemand):
            del sys.modules[name]
