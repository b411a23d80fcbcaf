"""Which config file is meant."""

import os

from mainstay.config.document import shown_path
from mainstay.errors import UsageError

NAME = "mainstay.toml"


def find_file(explicit: str | None, cwd: str) -> str:
    """The absolute path of the config file: `explicit` (a file, or a folder that holds one), else the one in `cwd`.

    In a folder that is `mainstay.toml`, else a pyproject.toml with `[tool.mainstay]`. Raises UsageError when there is
    none.
    """
    path = os.path.join(cwd, os.path.expanduser(explicit)) if explicit else cwd
    path = os.path.normpath(path)
    if not os.path.isdir(path):
        if os.path.exists(path):
            return path
        raise UsageError(f"cannot read {shown_path(path, cwd)}: no such file")
    own, project = os.path.join(path, NAME), os.path.join(path, "pyproject.toml")
    if os.path.isfile(own):
        return own
    if os.path.isfile(project) and _has_section(project):
        return project
    raise UsageError(
        f"cannot start: {path} has no {NAME}, and no pyproject.toml with [tool.mainstay]", hint=_hint(path, cwd)
    )


def _has_section(project: str) -> bool:
    from mainstay.config.toml_file import read_toml

    return bool(read_toml(project).data)


def _hint(folder: str, cwd: str) -> str:
    from mainstay.config.guess import target_in

    target = target_in(folder, cwd) or "main:app"
    return f"write one, or start an app by itself: `mainstay start {target}`"
