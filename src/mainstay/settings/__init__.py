"""What a web app needs to know of the place it runs in: environment, .env files, secrets, typed settings.

    from mainstay.settings import Secret, environment

Works in any program, with or without the daemon, and imports nothing else of mainstay. The environment and the secret
cost next to nothing; what is heavier is imported when it is first asked for.
"""

from mainstay.settings.environment import UnknownEnvironment, environment
from mainstay.settings.problems import SettingsError
from mainstay.settings.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.settings.cascade import LoadError, load
    from mainstay.settings.casts import ByteSize, Parse
    from mainstay.settings.declaring import setting
    from mainstay.settings.diagnostics import DotenvError
    from mainstay.settings.environment import Environment
    from mainstay.settings.loaded import Loaded
    from mainstay.settings.typed import InvalidSettings, Settings
    from mainstay.settings.url import Url

__all__ = [
    "ByteSize",
    "DotenvError",
    "Environment",
    "InvalidSettings",
    "LoadError",
    "Loaded",
    "Parse",
    "Secret",
    "Settings",
    "SettingsError",
    "UnknownEnvironment",
    "Url",
    "environment",
    "load",
    "setting",
]

# No name here may be that of a module, whose import would put the module in its place.
_LATER = {
    "ByteSize": "casts",
    "DotenvError": "diagnostics",
    "Environment": "environment",
    "InvalidSettings": "typed",
    "LoadError": "cascade",
    "Loaded": "loaded",
    "Parse": "casts",
    "Settings": "typed",
    "Url": "url",
    "load": "cascade",
    "setting": "declaring",
}


if not TYPE_CHECKING:  # a type checker would take any name for one that is here

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        return globals()[name]
