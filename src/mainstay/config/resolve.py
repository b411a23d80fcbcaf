"""From what a file declares to a spec: paths made absolute, defaults filled in, the machine looked at.

Paths in a file are relative to the file's folder; `script` and the program of `command` to the app's `cwd`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mainstay.config import addresses, parts, privileges, schema
from mainstay.config.document import Document, KeyPath, shown_path
from mainstay.config.health import HERE
from mainstay.config.interpreter import Found, Place, check_version, find_python
from mainstay.config.key import Key
from mainstay.config.layers import activated, base_layer, of_user
from mainstay.config.problems import Complaints, Problem, Refused
from mainstay.config.program import find_program, script_argv
from mainstay.config.validate import Declared, app_env_refused
from mainstay.model.spec import (
    AppSpec,
    Bind,
    Command,
    EnvLayer,
    Hook,
    LogPolicy,
    Program,
    PythonApp,
    TcpBind,
)
from mainstay.settings.dotenv import read
from mainstay.settings.environment import VARIABLE

PRODUCTION = "production"
DEFAULT_BINDS: tuple[Bind, ...] = (TcpBind(addresses.LOCAL, addresses.DEFAULT_PORT),)
"""Where a web app listens that does not say."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a spec depends on besides the declaration."""

    document: Document
    environ: Mapping[str, str]
    """The operator's variables."""
    environment: str

    @property
    def folder(self) -> str:
        """The file's folder."""
        return os.path.dirname(self.document.path)


def resolved(app: Declared, around: Surroundings, complaints: Complaints) -> AppSpec | None:
    """The spec of one app; None when something is wrong, which `complaints` has then."""
    before = len(complaints)
    spec = _Resolver(app, around, complaints).spec()
    return spec if len(complaints) == before else None


def check_addresses(specs: Sequence[AppSpec], apps: Sequence[Declared], complaints: Complaints) -> None:
    """No two apps, and no app twice, on one address. `apps[i]` is the declaration of `specs[i]`."""
    seen: list[tuple[Bind, str]] = []
    for spec, app in zip(specs, apps, strict=True):
        for index, bind in enumerate(spec.binds):
            taken = addresses.clash(bind, [other for other, _ in seen])
            if taken is not None:
                owner = next(name for other, name in seen if other == taken)
                whose = "this app" if owner == spec.name else f"the app {owner}"
                is_default = "" if schema.BIND in app.values else " (the default)"
                complaints.at((*app.path, "bind", index), f"{bind}{is_default} is taken by {whose}, on {taken}")
            seen.append((bind, spec.name))


class _Resolver:
    """Resolves one app."""

    def __init__(self, app: Declared, around: Surroundings, complaints: Complaints) -> None:
        self._app = app
        self._values = app.values
        self._around = around
        self._complaints = complaints
        self._cwd = self._path(self._values[schema.CWD]) if schema.CWD in self._values else around.folder
        self._privileges = parts.privileges_of(app.values)
        for key, error in privileges.refusals(self._privileges):
            self._refused(key, error)

    def spec(self) -> AppSpec | None:
        if not os.path.isdir(self._cwd):
            self._wrong("cwd", f"no such folder: {self._cwd}")
            return None
        found = self._python()
        environ = activated(self._around.environ, found.venv)
        layers = self._layers(environ)
        values = self._values
        self._check_health(_merged(layers))
        return AppSpec(
            name=self._app.name,
            program=self._program(found, layers),
            cwd=self._cwd,
            namespace=values[schema.NAMESPACE],
            instances=values[schema.INSTANCES],
            binds=self._binds(),
            trusted_proxy=values[schema.TRUSTED_PROXY],
            env=layers,
            environment=self._around.environment,
            start_timeout=values[schema.START_TIMEOUT],
            stop_timeout=values[schema.STOP_TIMEOUT],
            stop_signal=values[schema.STOP_SIGNAL],
            parallel=values[schema.PARALLEL],
            restart=parts.restart_of(values),
            logs=self._logs(),
            health=parts.health_of(values, self._step(schema.HEALTH_COMMAND, layers)),
            limits=parts.limits_of(values),
            privileges=self._privileges,
            depends_on=values[schema.DEPENDS_ON],
            before_start=self._step(schema.BEFORE_START, layers),
            before_start_timeout=values[schema.BEFORE_START_TIMEOUT],
            after_stop=self._step(schema.AFTER_STOP, layers),
            schedule=parts.schedule_of(values),
            hooks=self._hooks(layers),
            source=self._around.document.path,
        )

    def _python(self) -> Found:
        try:
            found = find_python(Place(self._cwd, self._around.folder, self._around.environ), self._asked_python())
            if schema.APP in self._values:
                check_version(found)
            return found
        except Refused as error:
            if schema.APP in self._values or schema.PYTHON in self._values:
                self._refused("python", error)
            return Found("", "")  # a program that is no Python need not care

    def _asked_python(self) -> str:
        """`python` of the file: a path from the file's folder, or the name of a program."""
        asked = self._values[schema.PYTHON]
        is_path = "/" in asked or (asked and os.path.isdir(self._path(asked)))
        return self._path(asked) if is_path else asked

    def _program(self, found: Found, layers: tuple[EnvLayer, ...]) -> Program:
        values = self._values
        if schema.APP in values:
            return PythonApp(
                target=values[schema.APP],
                python=found.path,
                engine=values[schema.ENGINE],
                interface=values[schema.INTERFACE],
                preload=values[schema.PRELOAD],
                threads=values[schema.THREADS],
            )
        env = _merged(layers)
        increment = values[schema.INCREMENT]
        if increment and not env.get(increment, "").isdecimal():
            text = f"{increment} is no number in this app's environment"
            self._wrong("increment", text, f'write env = {{ {increment} = "3000" }}')
        argv = self._script(env) if schema.SCRIPT in values else self._command(env)
        return Command(argv, increment, values[schema.NOTIFY])

    def _script(self, env: Mapping[str, str]) -> tuple[str, ...]:
        path = os.path.normpath(os.path.join(self._cwd, self._values[schema.SCRIPT]))
        if not os.path.isfile(path):
            self._wrong("script", f"no such file: {path}")
            return ()
        place = Place(self._cwd, self._around.folder, env)
        try:
            argv = script_argv(path, place, self._values[schema.INTERPRETER], self._asked_python())
        except Refused as error:
            self._refused("interpreter" if schema.INTERPRETER in self._values else "script", error)
            return ()
        return argv + self._values[schema.ARGS]

    def _command(self, env: Mapping[str, str]) -> tuple[str, ...]:
        return self._found(self._values[schema.COMMAND], (*self._app.path, "command"), env)

    def _step(self, key: Key[tuple[str, ...]], layers: Sequence[EnvLayer]) -> tuple[str, ...]:
        """A command that is run beside the app, with its program found; empty when there is none."""
        if key not in self._values:
            return ()
        return self._found(self._values[key], (*self._app.path, *key.name.split(".")), _merged(layers))

    def _check_health(self, env: Mapping[str, str]) -> None:
        """See that there is an address at which it can be asked how it is, if it is to be asked."""
        values = self._values
        asks = schema.HEALTH_PATH in values or (schema.HEALTH_TCP in values and values[schema.HEALTH_TCP] == HERE)
        listens = schema.APP in values or schema.BIND in values or schema.INCREMENT in values
        if asks and not listens and not env.get("PORT", "").isdecimal():
            hint = (
                'write `bind`; or, where it binds by itself, env = { PORT = "3000" } or health = { tcp = "HOST:PORT" }'
            )
            self._wrong("health", "the app has no address at which it could be asked", hint)

    def _hooks(self, layers: Sequence[EnvLayer]) -> tuple[Hook, ...]:
        """Its hooks; the programs of those that the file has are looked for as if the app had named them."""
        found, env = [], _merged(layers)
        for hook in parts.hooks_of(self._values, self._app.hooks):
            key = f"on_{hook.event}"
            own = self._app.path if key in self._values[schema.HOOKS] else ()
            argv = self._found(hook.argv, (*own, "hooks", key), env) if hook.argv else ()
            found.append(replace(hook, argv=argv))
        return tuple(found)

    def _found(self, argv: tuple[str, ...], at: KeyPath, env: Mapping[str, str]) -> tuple[str, ...]:
        """The argument vector with the program's absolute path."""
        program = find_program(argv[0], Place(self._cwd, self._around.folder, env))
        if not program:
            where = f"in {self._cwd}" if "/" in argv[0] else "on PATH"
            self._complaints.at(at, f"no program {argv[0]} {where}")
        return (program, *argv[1:])

    def _binds(self) -> tuple[Bind, ...]:
        if schema.BIND not in self._values:
            return DEFAULT_BINDS if schema.APP in self._values else ()
        found, declared = [], self._values[schema.BIND]
        for index, bind in enumerate(declared):
            try:
                found.append(addresses.absolute(bind, self._around.folder))
            except Refused as error:
                self._complaints.refused((*self._app.path, "bind", index), error)
        return tuple(found)

    def _layers(self, environ: Mapping[str, str]) -> tuple[EnvLayer, ...]:
        layers = [of_user(base_layer(environ), self._privileges.user)]
        files = self._values[schema.ENV_FILES]
        for index, name in enumerate(files):
            path = self._path(name)
            values = self._read_env_file(path, (*self._app.path, "env_files", index))
            layers.append(EnvLayer(f"file {path}", values))
        if env := self._values[schema.ENV]:
            layers.append(EnvLayer("env", env))
        environment = self._around.environment
        if env := dict(self._app.environments.get(environment, {})):
            layers.append(EnvLayer(f"environments.{environment}", env))
        return tuple(layers)

    def _read_env_file(self, path: str, at: KeyPath) -> dict[str, str]:
        """What the file says. What other readers pass over in silence is a mistake here."""
        shown = shown_path(path, os.getcwd())
        try:
            found = read(path)
        except OSError as error:
            self._complaints.at(at, f"cannot read {shown}: {(error.strerror or str(error)).lower()}")
            return {}
        for odd in found.diagnostics:
            if not odd.kind.harmless:
                self._complaints.elsewhere(Problem(shown, odd.line, odd.name, odd.text, odd.hint))
        if VARIABLE in found.last:
            text, hint = app_env_refused()
            self._complaints.elsewhere(Problem(shown, found.last[VARIABLE].line, VARIABLE, text, hint))
        return found.values

    def _logs(self) -> LogPolicy:
        values = self._values
        return LogPolicy(
            format=values[schema.LOGS_FORMAT],
            rotate=values[schema.LOGS_ROTATE],
            keep=values[schema.LOGS_KEEP],
            compress=values[schema.LOGS_COMPRESS],
            out=self._log_file(schema.LOGS_OUT),
            err=self._log_file(schema.LOGS_ERR),
        )

    def _log_file(self, key: Key[str]) -> str:
        if key not in self._values:
            return ""
        path = self._path(self._values[key])
        if os.path.isdir(path):
            self._complaints.at((*self._app.path, *key.name.split(".")), f"{path} is a folder", "name a file in it")
        return path

    def _path(self, written: str) -> str:
        return os.path.normpath(os.path.join(self._around.folder, os.path.expanduser(written)))

    def _wrong(self, key: str, text: str, hint: str = "") -> None:
        self._complaints.at((*self._app.path, key), text, hint)

    def _refused(self, key: str, error: Refused) -> None:
        self._complaints.refused((*self._app.path, key), error)


def _merged(layers: Sequence[EnvLayer]) -> dict[str, str]:
    return {name: value for layer in layers for name, value in layer.values.items()}
