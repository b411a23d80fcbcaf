"""Which environment the program runs in, as APP_ENV says: development, test or production."""

import os
from collections.abc import Mapping
from typing import Literal, get_args

from mainstay.settings.problems import SettingsError

VARIABLE = "APP_ENV"

Environment = Literal["development", "test", "production"]

ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)


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
