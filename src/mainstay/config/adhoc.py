"""From what stands behind `mainstay start` to specs: a web app, a script, a program, a line, or a config file.

In this order: a folder or file that is there (a config file, else a script), `module:attribute`, a line of several
words, a program on PATH.
"""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from mainstay.config import addresses, values
from mainstay.config.commandline import argv_of
from mainstay.config.interpreter import Place, check_version, find_python, project_top, which
from mainstay.config.key import Key
from mainstay.config.layers import activated, base_layer, of_user, shell_layer
from mainstay.config.parts import WATCHDOG
from mainstay.config.privileges import refusals
from mainstay.config.problems import Refused
from mainstay.config.program import ITSELF, find_program, script_argv
from mainstay.config.proxies import from_words
from mainstay.config.resolve import DEFAULT_BINDS, PRODUCTION
from mainstay.config.schema import (
    ENGINE,
    HEALTH_PATH,
    INSTANCES,
    MAX_MEMORY,
    NAMESPACE,
    NICE,
    SCHEDULE_CRON,
    THREADS,
    USER,
)
from mainstay.errors import UsageError
from mainstay.model.spec import (
    AppSpec,
    Bind,
    Command,
    EnvLayer,
    Health,
    HttpCheck,
    Limits,
    Privileges,
    Program,
    PythonApp,
    Restart,
    RestartOn,
    Schedule,
    TcpBind,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `start`; None, empty and True are what they are when they were not given."""

    instances: int | str | None = None
    """A number, or `max`."""
    name: str | None = None
    namespace: str | None = None
    bind: tuple[str, ...] = ()
    """Addresses; a bare host takes `port`."""
    port: int | None = None
    cwd: str | None = None
    interpreter: str | None = None
    environment: str | None = None
    """NAME of `--env NAME`."""
    args: tuple[str, ...] = ()
    autorestart: bool = True
    only: tuple[str, ...] = ()
    engine: str | None = None
    threads: int | None = None
    max_memory: str | None = None
    health: str | None = None
    """A path that is asked for."""
    schedule: str | None = None
    user: str | None = None
    nice: int | None = None
    trusted_proxy: str | None = None
    """Networks, or a number of hops, with commas between them."""


@dataclass(frozen=True, slots=True)
class Ambient:
    """Where and in what environment the command was typed; `cwd` is absolute."""

    cwd: str
    environ: Mapping[str, str]


class NoSuchTarget(UsageError):
    """Nothing that can be started is called so: no file, no program, no module:attribute."""


class _Nothing(Refused):
    """The same, before it is known what was typed."""


_FOR_FILES = frozenset(("environment", "only"))
_RUNNERS = ("python", "node", "ruby", "perl", "php", "sh", "bash", "deno", "bun", "uv", "env", "exec")


def spec_from_target(target: str | None, options: Options, ambient: Ambient) -> list[AppSpec]:
    """The specs that TARGET means; None means the config file of the working directory.

    Raises NoSuchTarget when it means nothing, UsageError when it cannot be started so, and whatever
    `specs_from_file` raises.
    """
    from mainstay.config.find import find_file

    if target is None:
        return _from_file(find_file(None, ambient.cwd), options, ambient)
    target = target.strip()
    try:
        path = _existing(target, options, ambient)
        if os.path.isdir(path) and _is_program(target, path, ambient):
            path = ""
        if path and _is_config(path):
            return _from_file(find_file(path, ambient.cwd), options, ambient)
        if options.only:
            raise Refused("--only goes with a config file", hint="leave it out")
        return [_AdHoc(target, options, ambient).spec(path)]
    except Refused as error:
        kind = NoSuchTarget if isinstance(error, _Nothing) else UsageError
        raise kind(f"cannot start {target}: {error.text}", hint=error.hint) from None


def specs_from_targets(targets: Sequence[str], options: Options, ambient: Ambient) -> list[AppSpec]:
    """The specs of all of them; without any, those of the config file of the working directory. Raises the same."""
    meant: list[str | None] = [*targets] or [None]
    return [spec for target in meant for spec in spec_from_target(target, options, ambient)]


def names_of(text: str) -> tuple[str, ...]:
    """Names as an option gives them: `web, jobs`."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _existing(target: str, options: Options, ambient: Ambient) -> str:
    """The absolute path of the file or folder that is meant: from where the command was typed, then from --cwd."""
    folders = [ambient.cwd, os.path.join(ambient.cwd, os.path.expanduser(options.cwd or ""))]
    places = (os.path.normpath(os.path.join(folder, os.path.expanduser(target))) for folder in folders if target)
    return next((place for place in places if os.path.exists(place)), "")


def _is_program(word: str, folder: str, ambient: Ambient) -> bool:
    """Whether a word that is a folder's name too means a program: `alembic`, beside a folder of that name."""
    from mainstay.config.find import NAME

    on_path = "/" not in word and bool(which(word, ambient.environ.get("PATH", os.defpath), ambient.cwd))
    return on_path and not os.path.exists(os.path.join(folder, NAME))


def _is_config(path: str) -> bool:
    from mainstay.config.source import declares_apps

    return os.path.isdir(path) or declares_apps(path)


def _from_file(path: str, options: Options, ambient: Ambient) -> list[AppSpec]:
    from mainstay.config.file import specs_from_file

    given = [f.name for f in fields(Options) if getattr(options, f.name) != f.default and f.name not in _FOR_FILES]
    if given:
        flag = "--no-autorestart" if given[0] == "autorestart" else f"--{given[0].replace('_', '-')}"
        flag = "arguments after --" if given[0] == "args" else flag
        raise UsageError(
            f"cannot start the apps of {path} with {flag}: the file says how they run", hint="write it in the file"
        )
    return specs_from_file(path, options.environment, options.only, ambient.environ)


class _AdHoc:
    """Makes the spec of one target that is no config file."""

    def __init__(self, target: str, options: Options, ambient: Ambient) -> None:
        self._target = target
        self._options = options
        self._cwd = os.path.normpath(os.path.join(ambient.cwd, os.path.expanduser(options.cwd or "")))
        if not os.path.isdir(self._cwd):
            raise Refused(f"no such folder: {self._cwd}", hint="--cwd names the folder to run in")
        self._place = Place(self._cwd, project_top(self._cwd), ambient.environ)

    def spec(self, path: str) -> AppSpec:
        """`path`: the existing file that is meant, or empty."""
        options = self._options
        is_web = not path and values.is_target(self._target)
        program = self._web_app() if is_web else self._command(path)
        restart = Restart(RestartOn.ALWAYS if options.autorestart else RestartOn.NEVER)
        return AppSpec(
            name=self._name(path, program) if options.name is None else _read("name", values.name, options.name),
            program=program,
            cwd=self._cwd,
            namespace=_option("namespace", NAMESPACE, options.namespace),
            instances=self._instances(),
            binds=self._binds(is_web=is_web),
            trusted_proxy=self._trusted_proxy(),
            env=self._layers(),
            environment=PRODUCTION
            if options.environment is None
            else _read("env", values.environment, options.environment),
            restart=restart,
            health=self._health(is_web=is_web),
            limits=Limits(
                memory=_option("max-memory", MAX_MEMORY, options.max_memory), watchdog=WATCHDOG if is_web else 0.0
            ),
            privileges=self._privileges(),
            schedule=self._schedule(is_web=is_web),
        )

    def _trusted_proxy(self) -> str:
        asked = self._options.trusted_proxy
        return "" if asked is None else _read("trusted-proxy", from_words, asked)

    def _health(self, *, is_web: bool) -> Health | None:
        options = self._options
        if options.health is None:
            return None
        if not is_web and not options.bind and options.port is None:
            raise Refused("--health: the app has no address", hint="give it one with --bind or --port")
        return Health(HttpCheck(_read("health", HEALTH_PATH.read, options.health)))

    def _privileges(self) -> Privileges:
        options = self._options
        asked = Privileges(user=_option("user", USER, options.user), nice=_option("nice", NICE, options.nice))
        for key, error in refusals(asked):
            raise Refused(f"--{key}: {error.text}", hint=error.hint)
        return asked

    def _schedule(self, *, is_web: bool) -> Schedule | None:
        options = self._options
        if options.schedule is None:
            return None
        others = (("--bind", options.bind), ("--instances", options.instances), ("--health", options.health))
        wrong = [flag for flag, given in others if given]
        if is_web or wrong:
            what = wrong[0] if wrong else "a web app"
            raise Refused(f"--schedule does not go with {what}", hint="a job is a command that runs when it is due")
        return Schedule(_read("schedule", SCHEDULE_CRON.read, options.schedule))

    def _web_app(self) -> PythonApp:
        options = self._options
        if options.args:
            raise Refused("a web app takes no arguments", hint="leave out what stands behind --")
        if options.interpreter == ITSELF:
            raise Refused("a web app needs a Python", hint="leave out --interpreter none")
        found = find_python(self._place, options.interpreter or "")
        check_version(found)
        return PythonApp(
            target=self._target,
            python=found.path,
            engine=_option("engine", ENGINE, options.engine),
            threads=_option("threads", THREADS, options.threads),
        )

    def _command(self, path: str) -> Command:
        options = self._options
        for flag, given in (("--engine", options.engine), ("--threads", options.threads)):
            if given is not None:
                raise Refused(f"{flag} goes with a web app only", hint="a web app is named as module:attribute")
        argv = self._argv(path)
        increment = "PORT" if options.port is not None and self._instances() != 1 and not options.bind else ""
        return Command(argv, increment)

    def _argv(self, path: str) -> tuple[str, ...]:
        options = self._options
        environ = self._activated()
        if path:
            self._check_script(path)
            place = Place(self._cwd, self._place.top, environ)
            return script_argv(path, place, options.interpreter or "") + options.args
        if options.interpreter is not None:
            raise Refused("no such file", hint="--interpreter runs a file")
        if ".py:" in self._target and " " not in self._target:
            values.target(self._target)
        argv = argv_of(self._target)
        if argv[0] == "/bin/sh" and argv[1:2] == ("-c",) and options.args:
            argv = (*argv[:2], f"{argv[2]} {shlex.join(options.args)}")
        elif options.args:
            argv += options.args
        program = find_program(argv[0], Place(self._cwd, self._place.top, environ))
        if not program:
            raise self._nothing(argv)
        return (program, *argv[1:])

    def _check_script(self, path: str) -> None:
        """A file that makes a web app and ends would only be started again and again."""
        if not path.endswith(".py") or self._options.interpreter is not None or self._options.args:
            return
        from mainstay.config.guess import only_defines_an_app, target_of

        if only_defines_an_app(path):
            target = target_of(path, self._cwd)
            raise Refused(
                "as a script it would end at once: it defines a web app and does not serve it",
                hint=f"did you mean `mainstay start {target}`?" if target else "name the app as module:attribute",
            )

    def _nothing(self, argv: tuple[str, ...]) -> Refused:
        """There is nothing of this name; the hint is what is nearest to it."""
        if len(argv) > 1:
            return _Nothing(f"no program is called {argv[0]}", hint=self._nearest(argv[0]))
        return _Nothing("there is no such file, program or module:app", hint=self._nearest(self._target))

    def _nearest(self, word: str) -> str:
        from mainstay.config.guess import target_in, target_of
        from mainstay.config.nearest import nearest

        stem = word.partition(":")[0].removesuffix(".py")
        path = os.path.join(self._cwd, stem.replace(".", "/"))
        for file in (f"{path}.py", f"{path}/__init__.py"):
            if target := target_of(file, self._cwd):
                return f"did you mean `{target}`?"
        files = [entry for entry in os.listdir(self._cwd) if not entry.startswith(".")]
        if close := nearest(word, files):
            target = target_of(os.path.join(self._cwd, close), self._cwd)
            return f"did you mean `{target or close}`?"
        target = target_in(self._cwd, self._cwd)
        return f"here is a web app: `{target}`" if target else "name a web app like `main:app`, a file or a command"

    def _name(self, path: str, program: Program) -> str:
        """`shop` for shop.main:app, `worker` for worker.py, `uvicorn` for a line that begins with it."""
        if path:
            return values.derived_name(os.path.splitext(os.path.basename(path))[0])
        if isinstance(program, PythonApp):
            return values.derived_name(self._target.partition(":")[0].partition(".")[0])
        words = [word for word in shlex.split(self._target) if "=" not in word]
        while len(words) > 1 and (words[0].startswith("-") or _is_runner(words[0])):
            words = words[1:]
        base = os.path.basename(words[0]) if words else "app"
        stem, ending = os.path.splitext(base)
        return values.derived_name(stem if ending in (".py", ".js", ".sh", ".rb") else base)

    def _instances(self) -> int:
        written = self._options.instances
        if isinstance(written, str) and written.removeprefix("-").isdecimal():
            written = int(written)
        return _option("instances", INSTANCES, written)

    def _binds(self, *, is_web: bool) -> tuple[Bind, ...]:
        options = self._options
        port = None if options.port is None else _read("port", values.whole(1, 65535), options.port)
        if not options.bind:
            if not is_web:  # a program that binds by itself is told its port, see _layers
                return ()
            return DEFAULT_BINDS if port is None else (TcpBind(addresses.LOCAL, port),)
        return tuple(addresses.absolute(self._bind(written, port), self._cwd) for written in options.bind)

    def _bind(self, written: str, port: int | None) -> Bind:
        """One --bind; a host without a port takes --port, or the default one."""
        host = written.strip()
        is_bare_ipv6 = host.count(":") > 1 and not host.startswith(("[", "unix:"))
        is_bare = ":" not in host and not host.isdecimal() and "/" not in host
        if host.endswith("]") or is_bare_ipv6 or is_bare:
            numeric = addresses.address_of(host.removeprefix("[").removesuffix("]"))
            return TcpBind(numeric, port or addresses.DEFAULT_PORT)
        if port is not None:
            raise Refused(f"--port {port} does not go with --bind {host}", hint="leave out one of them")
        return addresses.bind(host)

    def _layers(self) -> tuple[EnvLayer, ...]:
        environ = self._activated()
        user = self._privileges().user
        layers = [of_user(base_layer(environ), user), shell_layer(environ)]
        if self._options.port is not None and not self._options.bind and not values.is_target(self._target):
            layers.append(EnvLayer("env", {"PORT": str(self._options.port)}))
        return tuple(layers)

    def _activated(self) -> dict[str, str]:
        asked = self._options.interpreter or ""
        is_python = values.is_target(self._target) or os.path.basename(asked).startswith("python")
        try:
            found = find_python(self._place, asked if is_python else "")
        except Refused:
            if is_python:
                raise
            return activated(self._place.environ, "")
        return activated(self._place.environ, found.venv)


def _is_runner(word: str) -> bool:
    """Whether this is a program that is named only to run another: `python3.12 -m celery` is celery."""
    return os.path.basename(word).rstrip("0123456789.") in _RUNNERS


def _option(flag: str, key: Key[T], given: object) -> T:
    """The value of an option that stands for a key of the file; the key's default when it was not given."""
    return key.default if given is None else _read(flag, key.read, given)


def _read(flag: str, read: Callable[[object], T], given: object) -> T:
    try:
        return read(given)
    except Refused as error:
        raise Refused(f"--{flag}: {error.text}", hint=error.hint) from None
