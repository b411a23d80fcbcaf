"""What a web app needs to know of the place it runs in: environment, .env files, secrets, typed settings.

    from mainstay.settings import Secret, environment

Works in any program, with or without the daemon, and imports nothing else of mainstay. What is heavier than the
environment and the secret is imported when it is first asked for.
"""

from mainstay.settings.environment import Environment, UnknownEnvironment, environment
from mainstay.settings.problems import SettingsError
from mainstay.settings.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.settings.cascade import LoadError, load
    from mainstay.settings.diagnostics import DotenvError
    from mainstay.settings.loaded import Loaded

__all__ = [
    "DotenvError",
    "Environment",
    "LoadError",
    "Loaded",
    "Secret",
    "SettingsError",
    "UnknownEnvironment",
    "environment",
    "load",
]

# No name here may be that of a module, whose import would put the module in its place.
_LATER = {"DotenvError": "diagnostics", "LoadError": "cascade", "Loaded": "loaded", "load": "cascade"}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found
