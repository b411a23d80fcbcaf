"""Secrets that are files: the folders of Docker, Kubernetes and systemd, and the file that NAME_FILE names.

The variable's name is the file's in capitals, with `_` for `-` and `.`. One line end at the end of the text is not part
of it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainstay.settings.diagnostics import Notice
from mainstay.settings.exposure import readers
from mainstay.settings.problems import SettingsError

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable in which systemd says where a unit's credentials are."""
DOCKER = "/run/secrets"

_LARGEST = 1 << 20
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_KUBERNETES = "..data"
"""The link to the folder of the values that belong together; it is replaced when they change."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A variable whose value is a file's text."""

    name: str
    value: str
    path: str

    def __repr__(self) -> str:
        return f"<{self.name} of {self.path}>"


@dataclass(frozen=True, slots=True)
class SecretFolder:
    """What a folder gives."""

    files: tuple[SecretFile, ...] = ()
    warnings: tuple[Notice, ...] = ()
    mistakes: tuple[Notice, ...] = ()


def read_text(path: str, shown: str = "") -> str:
    """The text of a file with a secret in it. Raises SettingsError, which never shows any of it.

    `shown`: what a message calls the file, other than its path.
    """
    shown = shown or path
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"cannot read {shown}: {(error.strerror or str(error)).lower()}") from error
    if len(content) > _LARGEST:
        raise SettingsError(f"cannot read {shown}: more than 1 MiB is not a secret")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"cannot read {shown}: not UTF-8 text") from None
    if "\0" in text:
        raise SettingsError(f"cannot read {shown}: it has a NUL character")
    return text.removesuffix("\n").removesuffix("\r")


def indirect(name: str, values: Mapping[str, str]) -> SecretFile | None:
    """The value of the file that `NAME_FILE` names, None when that is not set.

    Raises SettingsError when the file cannot be read, and when NAME is set too: nobody can tell which is meant.
    """
    path = values.get(f"{name}_FILE")
    if path is None:
        return None
    if name in values:
        raise SettingsError(f"{name} and {name}_FILE are both set", hint="unset one of them")
    if not path:
        raise SettingsError(f"{name}_FILE is empty", hint="name the file with the value in it")
    return SecretFile(name, read_text(path), path)


def read_folder(folder: str, given: bool = False) -> SecretFolder:
    """The secrets of a folder; a folder that is not there has none.

    `given`: a container or a service manager made it, so nobody is warned of who may read it. When Kubernetes replaces
    the values meanwhile it is read again: old and new ones are never mixed.
    """
    for _ in range(3):
        found = _read(folder, given)
        if found is not None:
            return found
    return SecretFolder(mistakes=(Notice(folder, 0, "cannot read it: it changes all the time"),))


def _read(folder: str, given: bool) -> SecretFolder | None:
    """What is in the folder, None when it was replaced in between."""
    generation = _generation(folder)
    place = os.path.join(folder, generation)
    files: dict[str, SecretFile] = {}
    warnings, mistakes = [], []
    try:
        names = sorted(os.listdir(place))
    except FileNotFoundError:
        return None if generation else SecretFolder()
    except OSError as error:
        text = f"cannot read it: {(error.strerror or str(error)).lower()}"
        return SecretFolder(mistakes=(Notice(folder, 0, text),))
    for path, shown, name in _variables(folder, place, names):
        try:
            value = read_text(path, "it")
        except SettingsError as error:
            mistakes.append(Notice(shown, 0, error.message))
            continue
        if name in files:
            mistakes.append(Notice(shown, 0, f"{files[name].path} is the variable {name} too"))
        elif not _NAME.fullmatch(name):
            warnings.append(Notice(shown, 0, f"{name} is no name of a variable"))
        else:
            files[name] = SecretFile(name, value, shown)
        if not given and (who := readers(path)):
            warnings.append(Notice(shown, 0, f"{who} can read it; chmod 600 {shown}"))
    if generation != _generation(folder):
        return None
    return SecretFolder(tuple(files.values()), tuple(warnings), tuple(mistakes))


def _generation(folder: str) -> str:
    """The folder inside it that Kubernetes has put the values of the moment in; empty where there is no Kubernetes."""
    try:
        return os.readlink(os.path.join(folder, _KUBERNETES))
    except OSError:
        return ""


def _variables(folder: str, place: str, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """Where each file is, where to say that it is, and the variable that it gives; hidden files give none."""
    for file in names:
        path = os.path.join(place, file)
        if not file.startswith(".") and os.path.isfile(path):
            yield path, os.path.join(folder, file), file.upper().replace("-", "_").replace(".", "_")
