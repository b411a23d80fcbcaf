"""Which environment the program runs in, as APP_ENV says: development, test or production."""

from __future__ import annotations

import os

from mainstay.settings.problems import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    Environment = Literal["development", "test", "production"]

VARIABLE = "APP_ENV"

REFUSED = "may not be set here: a file cannot know where it runs"
"""Why no file may set it."""

ENVIRONMENTS: tuple[Environment, ...] = ("development", "test", "production")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """The type, for those who need it at run time: importing `typing` takes longer than all of this module."""
        if name != "Environment":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from typing import Literal

        return Literal[ENVIRONMENTS]


class UnknownEnvironment(SettingsError):
    """APP_ENV says something that is none of the three."""


def environment(environ: Mapping[str, str] | None = None) -> Environment:
    """What APP_ENV says in `environ` (the process's own environment when it is not given).

    Not set: development. Set, it has to be one of the three words, in lower case and with no blanks around it; an
    empty APP_ENV is most often a deployment's variable that was not filled in, so it is refused like any other word
    and never taken for development. Raises UnknownEnvironment.
    """
    said = (os.environ if environ is None else environ).get(VARIABLE)
    if said is None:
        return "development"
    for name in ENVIRONMENTS:
        if said == name:
            return name
    meant = next((name for name in ENVIRONMENTS if said.strip().lower() == name), "")
    hint = f"write {VARIABLE}={meant}" if meant else "" if said else f"unset it for {ENVIRONMENTS[0]}"
    raise UnknownEnvironment(f"{VARIABLE} is {said!r}, not one of {', '.join(ENVIRONMENTS)}", hint=hint)
