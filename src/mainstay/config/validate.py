"""Is a document right? All that is wrong is told at once, each with its line and the nearest right key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mainstay.config import dependencies, hooks, schema, together, values
from mainstay.config.database import KEY, declared_database
from mainstay.config.document import Document, KeyPath, dotted
from mainstay.config.key import Key, Values
from mainstay.config.nearest import nearest
from mainstay.config.problems import Complaints, Refused
from mainstay.config.schema import KEYS, PROGRAMS
from mainstay.config.values import kind_of
from mainstay.settings.environment import REFUSED, VARIABLE

_BY_NAME: Mapping[str, Key[Any]] = {key.name: key for key in KEYS}  # Any: see schema.KEYS
_TABLES = frozenset(key.name.partition(".")[0] for key in KEYS if "." in key.name)
_ENVIRONMENTS = "environments"
_TOP = ("apps", KEY, "hooks")


@dataclass(frozen=True, slots=True)
class Declared:
    """One app of a document, its keys read one by one; nothing is looked up on the machine yet."""

    name: str
    path: KeyPath
    values: Values
    environments: Mapping[str, Mapping[str, str]]
    """NAME of `environments.NAME` -> its variables."""
    hooks: hooks.Hooks
    """Those that the file has for all its apps."""


def declared_apps(document: Document, complaints: Complaints) -> list[Declared]:
    """The apps of a document in which nothing is wrong; what is wrong with the others goes to `complaints`."""
    for key in document.data:
        if key not in _TOP:
            complaints.at((key,), "no such key", _top_hint(key, document))
    of_file = _hooks(document, complaints)
    declared_database(document, complaints)  # for `mainstay db`; here it is only seen that it is right
    apps = document.data.get("apps", {})
    if not isinstance(apps, dict):
        complaints.at(("apps",), f"must be a table, not {kind_of(apps)}", "begin each app with [apps.NAME]")
        return []
    if not apps and not len(complaints):
        complaints.at((), "no app is declared", 'begin with [apps.web] and app = "module:attribute"')
    read, sound = [], []
    for name, table in apps.items():
        before = len(complaints)
        app = _App(name, complaints).read(table, of_file)
        read.append(app)
        if len(complaints) == before:
            sound.append(app)
    _check_dependencies(read, apps, complaints)
    return sound


def _hooks(document: Document, complaints: Complaints) -> hooks.Hooks:
    try:
        return hooks.hooks(document.data.get("hooks", {}))
    except Refused as error:
        complaints.refused(("hooks",), error)
        return {}


def _check_dependencies(read: list[Declared], apps: Mapping[str, object], complaints: Complaints) -> None:
    """See that apps wait only for what can come. About one with mistakes of its own nothing is said here."""
    checked, jobs = (
        {name for name, table in apps.items() if isinstance(table, dict) and key in table}
        for key in ("health", "schedule")
    )
    waits_for: dict[str, list[str]] = {}
    for app in read:
        table = apps[app.name]
        written = table.get("depends_on") if isinstance(table, dict) else None
        wanted = app.values[schema.DEPENDS_ON]
        waits_for[app.name] = [other.app for other in wanted]
        for index, name, text, hint in dependencies.unmet(app.name, wanted, apps, checked, jobs):
            place: str | int = name if isinstance(written, dict) else index
            complaints.at((*app.path, "depends_on", place), text, hint)
    for circle in dependencies.circles(waits_for):
        text = f"waits for itself: {' -> '.join(circle)}"
        complaints.at(("apps", circle[0], "depends_on"), text, "take one of them out")


class _App:
    """Reads the table of one app."""

    def __init__(self, name: str, complaints: Complaints) -> None:
        self._name = name
        self._path: KeyPath = ("apps", name)
        self._complaints = complaints
        self._declared: dict[str, object] = {}
        self._environments: dict[str, Mapping[str, str]] = {}

    def read(self, table: object, of_file: hooks.Hooks) -> Declared:
        try:
            values.name(self._name)
        except Refused as error:
            self._complaints.refused(self._path, error)
        if isinstance(table, dict):
            self._table("", self._path, table)
            for at, text, hint in together.mistakes(Values(self._declared), table):
                self._complaints.at((*self._path, *at), text, hint)
        else:
            self._complaints.at(self._path, f"must be a table, not {kind_of(table)}", f"write [apps.{self._name}]")
        return Declared(self._name, self._path, Values(self._declared), self._environments, of_file)

    def _table(self, prefix: str, path: KeyPath, table: Mapping[str, object]) -> None:
        for word, value in table.items():
            name, at = prefix + word, (*path, word)
            if name in _BY_NAME:
                self._key(_BY_NAME[name], at, value)
            elif name in schema.SHORT and isinstance(value, str):
                self._key(schema.SHORT[name], at, value)
            elif name in _TABLES and not isinstance(value, dict):
                self._complaints.at(at, f"must be a table, not {kind_of(value)}", _table_hint(name))
            elif name == _ENVIRONMENTS and isinstance(value, dict):
                self._read_environments(at, value)
            elif name in _TABLES and isinstance(value, dict):
                self._table(f"{name}.", at, value)
            else:
                known = [k.name.removeprefix(prefix) for k in KEYS if k.name.startswith(prefix)]
                self._complaints.at(at, "no such key", _hint(word, known))

    def _key(self, key: Key[Any], at: KeyPath, value: object) -> None:  # Any: see schema.KEYS
        try:
            self._declared[key.name] = key.read(value)
        except Refused as error:
            self._complaints.refused(at, error)
        if key is schema.ENV:
            self._check_variables(at, value)

    def _read_environments(self, path: KeyPath, table: Mapping[str, object]) -> None:
        for name, inner in table.items():
            at = (*path, name)
            if not isinstance(inner, dict):
                self._complaints.at(at, f"must be a table, not {kind_of(inner)}", _table_hint(_ENVIRONMENTS))
                continue
            self._environments[name] = {}
            try:
                values.environment(name)
            except Refused as error:
                self._complaints.refused(at, error)
            for word, value in inner.items():
                if word != "env":
                    known = word in _BY_NAME
                    text = "only `env` may differ from one environment to another" if known else "no such key"
                    self._complaints.at((*at, word), text, "" if known else _hint(word, ("env",)))
                    continue
                try:
                    self._environments[name] = values.variables(value)
                except Refused as error:
                    self._complaints.refused((*at, word), error)
                self._check_variables((*at, word), value)

    def _check_variables(self, path: KeyPath, table: object) -> None:
        if isinstance(table, dict) and VARIABLE in table:
            self._complaints.at((*path, VARIABLE), *app_env_refused())


def app_env_refused() -> tuple[str, str]:
    """Why APP_ENV may not be set by a file: text and hint."""
    return REFUSED, "`start` says production, `dev` development, and `--env NAME` anything else"


def _hint(word: str, known: Iterable[str]) -> str:
    known = list(known)
    if "app" in known and word in schema.LATER:
        return schema.LATER[word]
    if "app" in known and word.startswith("env_"):
        return f"write [apps.NAME.environments.{word.removeprefix('env_')}] with env = {{ ... }}"
    close = (schema.MEANT.get(word, "") if "app" in known else "") or nearest(word, known)
    return f"did you mean `{close}`?" if close else f"the keys are {', '.join(known)}" if len(known) < 9 else ""


def _top_hint(word: str, document: Document) -> str:
    value = document.data[word]
    if isinstance(value, dict) and any(key.name in value for key in PROGRAMS):
        return f"write [{dotted((*document.root, 'apps', word))}]"
    if word in _BY_NAME:
        return "keys belong to an app: write them under [apps.NAME]"
    return f"did you mean `{close}`?" if (close := nearest(word, _TOP)) else "apps are declared under [apps.NAME]"


def _table_hint(name: str) -> str:
    if name == _ENVIRONMENTS:
        return "write [apps.NAME.environments.production] with env = { ... }"
    keys = [key.name.removeprefix(f"{name}.") for key in KEYS if key.name.startswith(f"{name}.")]
    return f"its keys are {', '.join(keys)}"
