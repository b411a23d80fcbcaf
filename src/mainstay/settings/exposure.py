"""Who else may read a file that holds secrets."""

import os
import stat
from collections.abc import Iterable

from mainstay.settings.naming import looks_secret


def readers(path: str) -> str:
    """Who may read the file besides its owner: "its group", "everybody", or "" for nobody.

    Raises OSError when the file is not there.
    """
    mode = os.stat(path).st_mode
    return "everybody" if mode & stat.S_IROTH else "its group" if mode & stat.S_IRGRP else ""


def exposed(path: str, names: Iterable[str]) -> str:
    """What to say of a file that gives these variables, or "" when there is nothing: no secret, or nobody to see it."""
    secret = next((name for name in names if looks_secret(name)), "")
    who = readers(path) if secret else ""
    return f"{who} can read {secret} in it; chmod 600 {path}" if who else ""
