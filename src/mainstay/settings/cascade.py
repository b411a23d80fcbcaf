"""Loading the .env files of a project, and the secrets that are files.

    from mainstay.settings import load

    settings = load("/srv/shop")       # sets os.environ too

A stronger one wins over a weaker one:

    .env  <  .env.NAME  <  .env.local  <  .env.NAME.local  <  secret folders  <  what is set already

NAME is the environment that APP_ENV says. `.env.local` is not read in the test environment, so that tests do the same
on each machine. Nothing is looked for above the folder that is named.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from mainstay.settings.diagnostics import Diagnostic, Notice, Parsed
from mainstay.settings.dotenv import Dialect, read
from mainstay.settings.environment import REFUSED, VARIABLE, Environment, environment
from mainstay.settings.expansion import Known
from mainstay.settings.exposure import exposed
from mainstay.settings.loaded import ENVIRONMENT, Loaded, Value
from mainstay.settings.problems import SettingsError, listed
from mainstay.settings.secret_files import CREDENTIALS, DOCKER, read_folder


class LoadError(SettingsError):
    """Files cannot be taken as they are: all that is wrong with them, in `mistakes`. Nothing was set."""

    def __init__(self, mistakes: tuple[Notice, ...]) -> None:
        super().__init__(listed("cannot load the settings", [str(mistake) for mistake in mistakes]))
        self.mistakes = mistakes


def load(
    root: str | os.PathLike[str],
    *,
    target: MutableMapping[str, str] | None = None,
    override: bool = False,
    secrets: Iterable[str | os.PathLike[str]] = (),
    dialect: Dialect = "dotenv",
    strict: bool = False,
) -> Loaded:
    """Read the .env files in the folder `root`, and set their variables in `target` (`os.environ` by default).

    What is set in `target` stays as it is, even if it is empty, unless `override`. `secrets` are folders with one file
    for each secret, as `/run/secrets`; the one that systemd names in $CREDENTIALS_DIRECTORY is read too. Those stay
    out of `target`, also where a weaker file has a value, so that no child process inherits them: take them from what
    is returned.

    An encrypted or otherwise unusable value, and APP_ENV in a file, is an error; other oddities are `warnings` of the
    result, or with `strict` errors too. Raises LoadError, with all of them, and UnknownEnvironment.
    """
    into = os.environ if target is None else target
    name = environment(into if VARIABLE in into else os.environ)
    reading = _Reading(dialect, strict, {} if override else dict(into))
    folder = os.path.abspath(root)
    if not os.path.isdir(folder):
        raise LoadError((Notice(folder, 0, "no such folder"),))
    for path in _files(folder, name):
        reading.file(path)
    from_files = set(reading.values)
    credentials = into.get(CREDENTIALS)
    for place in [*(os.fspath(place) for place in secrets), *([credentials] if credentials else [])]:
        reading.folder(place, given=place in (DOCKER, credentials))
    reading.close()

    already = {key: Value(text, ENVIRONMENT) for key, text in into.items()}
    values = already | reading.values if override else reading.values | already
    for key in from_files - reading.secret:
        if override or key not in into:
            into[key] = reading.values[key].text
    return Loaded(values, name, tuple(reading.files), tuple(sorted(reading.warnings)))


def _files(folder: str, name: Environment) -> Iterator[str]:
    """The files of the cascade, the weakest first."""
    locals_ = () if name == "test" else (".env.local",)
    for file in (".env", f".env.{name}", *locals_, f".env.{name}.local"):
        yield os.path.join(folder, file)


class _Reading:
    """Collects values and complaints of one file after the other."""

    def __init__(self, dialect: Dialect, strict: bool, fixed: Mapping[str, str]) -> None:
        self._dialect: Dialect = dialect
        self._strict = strict
        self._fixed = fixed
        self._mistakes: list[Notice] = []
        self.values: dict[str, Value] = {}
        self.secret: set[str] = set()
        self.files: list[str] = []
        self.warnings: list[Notice] = []

    def file(self, path: str) -> None:
        """A .env file; one that is not there is none."""
        known = Known({name: value.text for name, value in self.values.items()}, self._fixed)
        try:
            parsed = read(path, dialect=self._dialect, known=known)
        except FileNotFoundError:
            return
        except OSError as error:
            self._mistakes.append(Notice(path, 0, f"cannot read it: {(error.strerror or str(error)).lower()}"))
            return
        self.files.append(path)
        self._judge(path, parsed)
        for name, found in parsed.last.items():
            self.values[name] = Value(found.value or "", f"file {path}:{found.line}")

    def folder(self, path: str, given: bool) -> None:
        """A folder of secrets."""
        found = read_folder(path, given)
        self._mistakes += found.mistakes
        self.warnings += found.warnings
        for secret in found.files:
            if secret.name == VARIABLE:
                self._mistakes.append(Notice(secret.path, 0, f"{VARIABLE}: {REFUSED}"))
            self.secret.add(secret.name)
            self.files.append(secret.path)
            self.values[secret.name] = Value(secret.value, f"file {secret.path}")

    def close(self) -> None:
        """Raises LoadError when there was any mistake."""
        if self._mistakes:
            raise LoadError(tuple(self._mistakes))

    def _judge(self, path: str, parsed: Parsed) -> None:
        for odd in parsed.diagnostics:
            self._tell(path, odd, self._strict or odd.kind.unusable)
        if VARIABLE in parsed.last:
            self._mistakes.append(Notice(path, parsed.last[VARIABLE].line, f"{VARIABLE}: {REFUSED}"))
        if warning := exposed(path, (name for name, found in parsed.last.items() if found.value)):
            self.warnings.append(Notice(path, 0, warning))

    def _tell(self, path: str, odd: Diagnostic, mistake: bool) -> None:
        (self._mistakes if mistake else self.warnings).append(Notice(path, odd.line, str(odd)))
