"""Keeping the daemon small: modules that others import and the daemon hardly ever uses are loaded when they are used.

`enum` needs of `functools` one function, `functools` needs `collections` for one named tuple, `socket` needs
`selectors` only to send files, and of `contextlib` we use what `lean` has. With what they import in turn that is 1.5 MB
of the 8 that the daemon would take. `dataclasses` and `socket` have stand-ins that stay (`records`, `lean_socket`); the
others give way when all of ours is imported.
"""

import _collections  # type: ignore[import-not-found]  # CPython's own, which `collections` hands on
import _collections_abc
import _functools  # type: ignore[import-not-found]
import _operator
import _signal  # type: ignore[import-not-found]
import sys
from types import ModuleType

from mainstay.daemon import lean
from mainstay.model import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

POSTPONED = ("inspect", "copy", "selectors", "re", "collections", "functools", "contextlib", "signal")


class _OnDemand(ModuleType):
    """Stands in for a module until something of it is asked for that is not here."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what `import` asks of a module
            raise AttributeError(name)
        return getattr(_real(self), name)


class _Made:
    """What a function of a postponed module returns: made when it is first used."""

    def __init__(self, module: ModuleType, function: str, arguments: tuple[object, ...]) -> None:
        self._module = module
        self._function = function
        self._arguments = arguments

    def __getattr__(self, name: str) -> object:
        return getattr(self._now(), name)

    def __call__(self, *arguments: object) -> object:
        made = self._now()
        assert callable(made)
        return made(*arguments)

    def _now(self) -> object:
        return getattr(_real(self._module), self._function)(*self._arguments)


def _cache(function: "Callable[..., object]") -> object:
    """As `functools.cache`, for functions that nobody asks how often they were called."""
    return _functools._lru_cache_wrapper(function, None, False, None)


def _real(stand_in: ModuleType) -> ModuleType:
    if sys.modules.get(stand_in.__name__) is stand_in:
        _withdraw(stand_in.__name__)
    return __import__(stand_in.__name__)


def _withdraw(name: str) -> None:
    del sys.modules[name]
    if name == "collections":
        sys.modules.pop("collections.abc", None)  # the real one makes it its own


def _late(module: ModuleType, function: str) -> None:
    setattr(module, function, lambda *arguments: _Made(module, function, arguments))


def postpone() -> None:
    """Have these modules cost nothing until they are used; to be called before anything else is imported."""
    new = [name for name in POSTPONED if name not in sys.modules]
    modules = {name: _OnDemand(name) for name in new}
    if "re" in modules:
        _late(modules["re"], "compile")
    if "collections" in modules:
        modules["collections"].__dict__.update(deque=_collections.deque, abc=_collections_abc)
        _late(modules["collections"], "namedtuple")
        sys.modules["collections.abc"] = _collections_abc
    if "functools" in modules:
        modules["functools"].__dict__.update(reduce=_functools.reduce, cache=_cache)
    if "contextlib" in modules:
        modules["contextlib"].__dict__.update(suppress=lean.suppress, ExitStack=lean.ExitStack)
    if "signal" in modules:
        modules["signal"].__dict__.update({name: value for name, value in vars(_signal).items() if name[0] != "_"})
    sys.modules.update(modules)
    sys.modules.setdefault("operator", _operator)
    sys.modules.setdefault("dataclasses", records)
    from mainstay.daemon import lean_socket

    sys.modules.setdefault("socket", lean_socket)


def settle() -> None:
    """All of ours is imported: who imports one of these modules from now on gets the real one."""
    for name in POSTPONED:
        if isinstance(sys.modules.get(name), _OnDemand):
            _withdraw(name)
    if sys.modules.get("operator") is _operator:
        del sys.modules["operator"]
