"""Every key an app may have: one literal table, from which files are read, checked and documented."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mainstay.config import addresses, values
from mainstay.config.commandline import argv_of
from mainstay.config.problems import Refused
from mainstay.model.spec import Bind, Engine, Interface, LogFormat, RestartOn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """A key: what it may hold, how that is read, and what it means."""

    name: str
    """With the names of the tables it stands in: `restart.on`."""
    kind: str
    """What it holds, for people."""
    read: Callable[[object], T]
    default: T
    shown: str
    """The default as one would write it; for keys without one, what happens then."""
    doc: str
    only_for: tuple[str, ...] = ()
    """The keys of which one has to be there too."""


def _argv(value: object) -> tuple[str, ...]:
    """A command: a line, or a list of words."""
    if isinstance(value, str):
        return argv_of(values.text(value))
    if not isinstance(value, list):
        raise Refused(f"must be a text or a list of texts, not {values.kind_of(value)}")
    if not value:
        raise Refused("must not be empty")
    values.text(value[0])
    return values.items(value, _word)


def _arguments(value: object) -> tuple[str, ...]:
    """Arguments: a line, or a list of words."""
    if not isinstance(value, str):
        return values.items(value, _word)
    import shlex

    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise Refused(f"not a list of arguments: {str(error).lower()}") from None


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise Refused(f"must be a text, not {values.kind_of(value)}")
    if "\0" in value:
        raise Refused("has a NUL character")
    return value


def _path(value: object) -> str:
    return os.path.expanduser(values.text(value))


_RESTARTS = {
    "always": RestartOn.ALWAYS,
    "failure": RestartOn.FAILURE,
    "on-failure": RestartOn.FAILURE,
    "never": RestartOn.NEVER,
}
_WEB = ("app",)
_PROGRAM = ("command", "script")

APP = Key("app", "text", values.target, "", "", "A web app: `module:attribute`, or `module:factory()`. ASGI or WSGI.")
COMMAND: Key[tuple[str, ...]] = Key("command", "text or list", _argv, (), "", "Any program, with its arguments.")
SCRIPT = Key("script", "path", _path, "", "", "A file to run; its ending, mode or first line says how.")
INTERPRETER = Key(
    "interpreter", "text", values.text, "", "by the script", "What runs the script; `none`: itself.", ("script",)
)
ARGS: Key[tuple[str, ...]] = Key(
    "args", "text or list", _arguments, (), "none", "Arguments of the script.", ("script",)
)
PYTHON = Key(
    "python",
    "path",
    _path,
    "",
    "found",
    "The Python for the app: an interpreter, or a virtual environment's folder. Found: `.venv` or `venv` beside the"
    " app or above it, else the activated one, else the one mainstay runs on.",
)
BIND: Key[tuple[Bind, ...]] = Key(
    "bind",
    "address or list",
    addresses.binds,
    (),
    "`127.0.0.1:8000` for `app`",
    "Where it listens: `127.0.0.1:8000`, `[::1]:8000`, `unix:shop.sock`; `8000` is this machine only, `:8000` every"
    " address. A `command` is given the sockets as systemd would (`LISTEN_FDS`).",
)
INSTANCES = Key(
    "instances", 'number or `"max"`', values.instances, 1, "1", "How many; 0 or `max`: one per core, -1: one fewer."
)
ENV: Key[dict[str, str]] = Key("env", "table", values.variables, {}, "{}", "Environment variables.")
ENV_FILES: Key[tuple[str, ...]] = Key(
    "env_files", "path or list", values.texts, (), "[]", "`.env` files, a later one wins; `env` wins over."
)
ENVIRONMENT_ENV: Key[dict[str, str]] = Key(
    "environments.NAME.env",
    "table",
    values.variables,
    {},
    "{}",
    "More variables, for `--env NAME` (`production` when none is named).",
)
NAMESPACE = Key("namespace", "name", values.name, "default", '"default"', "A name that selects several apps.")
CWD = Key("cwd", "path", _path, "", "the file's folder", "The folder the app runs in.")
ENGINE = Key(
    "engine",
    '`"uvicorn"` or `"granian"`',
    values.choice({engine.value: engine for engine in Engine}),
    Engine.UVICORN,
    '"uvicorn"',
    "The server that runs the app.",
    _WEB,
)
INTERFACE = Key(
    "interface",
    '`"auto"`, `"asgi"` or `"wsgi"`',
    values.choice({interface.value: interface for interface in Interface}),
    Interface.AUTO,
    '"auto"',
    "How the app is called; `auto` looks.",
    _WEB,
)
PRELOAD = Key(
    "preload", "true or false", values.flag, True, "true", "Import the app once and fork the workers from that.", _WEB
)
THREADS = Key("threads", "number", values.whole(1, 10_000), 40, "40", "Threads per worker, for WSGI.", _WEB)
INCREMENT = Key(
    "increment",
    "variable",
    values.variable,
    "",
    "none",
    "A variable (`PORT`) to which the instance's number is added, for programs that bind by themselves.",
    _PROGRAM,
)
START_TIMEOUT = Key(
    "start_timeout", "time", values.positive_duration, 30.0, '"30s"', "How long it may take until it is ready."
)
STOP_TIMEOUT = Key("stop_timeout", "time", values.duration, 10.0, '"10s"', "How long it may take to stop.")
STOP_SIGNAL = Key("stop_signal", "signal", values.stop_signal, "SIGTERM", '"SIGTERM"', "What asks it to stop.")
PARALLEL = Key("parallel", "number", values.whole(1, 1024), 1, "1", "How many instances a reload replaces at a time.")
RESTART_ON = Key(
    "restart.on",
    '`"always"`, `"failure"` or `"never"`',
    values.choice(_RESTARTS),
    RestartOn.ALWAYS,
    '"always"',
    'After which exits to start again. `restart = "on-failure"` is short for this key.',
)
RESTART_BACKOFF = Key(
    "restart.backoff",
    '`"exponential"` or `"fixed"`',
    values.choice({"exponential": True, "fixed": False}),
    True,
    '"exponential"',
    "How the waits between tries grow; `fixed`: every wait is `first`.",
)
RESTART_FIRST = Key("restart.first", "time", values.duration, 0.1, '"100ms"', "The first wait.")
RESTART_CAP = Key("restart.cap", "time", values.duration, 60.0, '"60s"', "The longest wait.")
RESTART_GIVE_UP = Key(
    "restart.give_up_after",
    'number or `"never"`',
    values.or_never(values.whole(1, 1_000_000), 0),
    0,
    '"never"',
    "Tries in a row after which it is `errored`.",
)
LOGS_FORMAT = Key(
    "logs.format",
    '`"raw"`, `"time"` or `"json"`',
    values.choice({form.value: form for form in LogFormat}),
    LogFormat.RAW,
    '"raw"',
    "What the files hold: what the app wrote, the same with times, or a JSON object a line.",
)
LOGS_ROTATE = Key(
    "logs.rotate",
    'size or `"never"`',
    values.or_never(values.size, 0),
    20 * 1024 * 1024,
    '"20MiB"',
    "The size at which a new file is begun.",
)
LOGS_KEEP = Key("logs.keep", "number", values.whole(0, 10_000), 5, "5", "How many old files are kept.")
LOGS_COMPRESS = Key("logs.compress", "true or false", values.flag, True, "true", "Compress old files.")
LOGS_OUT = Key(
    "logs.out", "path", _path, "", "`MAINSTAY_HOME/logs/web-0.out.log`", "One file for stdout of every instance."
)
LOGS_ERR = Key(
    "logs.err", "path", _path, "", "`MAINSTAY_HOME/logs/web-0.err.log`", "One file for stderr of every instance."
)

# Any: the keys hold different types; Values[key] gives each its own back.
KEYS: tuple[Key[Any], ...] = (
    *(APP, COMMAND, SCRIPT, INTERPRETER, ARGS, PYTHON, CWD, BIND, INSTANCES, NAMESPACE),
    *(ENV, ENV_FILES, ENVIRONMENT_ENV),
    *(ENGINE, INTERFACE, PRELOAD, THREADS, INCREMENT),
    *(START_TIMEOUT, STOP_TIMEOUT, STOP_SIGNAL, PARALLEL),
    *(RESTART_ON, RESTART_BACKOFF, RESTART_FIRST, RESTART_CAP, RESTART_GIVE_UP),
    *(LOGS_FORMAT, LOGS_ROTATE, LOGS_KEEP, LOGS_COMPRESS, LOGS_OUT, LOGS_ERR),
)

PROGRAMS: tuple[Key[Any], ...] = (APP, COMMAND, SCRIPT)
"""Of these an app has exactly one."""

SHORT: dict[str, Key[Any]] = {"restart": RESTART_ON}
"""Tables that may be written as one text, and the key that is meant."""

LATER = frozenset(("health", "before_start", "depends_on", "max_memory", "watch", "schedule"))
"""Keys that are planned and not there yet."""

MEANT: dict[str, str] = {
    "autorestart": "restart",
    "cmd": "command",
    "cron_restart": "schedule",
    "directory": "cwd",
    "env_file": "env_files",
    "err_file": "logs.err",
    "error_file": "logs.err",
    "exec": "command",
    "exec_interpreter": "interpreter",
    "exp_backoff_restart_delay": "restart.first",
    "host": "bind",
    "increment_var": "increment",
    "interpreter_args": "interpreter",
    "kill_timeout": "stop_timeout",
    "listen": "bind",
    "listen_timeout": "start_timeout",
    "log_file": "logs.out",
    "max_memory_restart": "max_memory",
    "max_restarts": "restart.give_up_after",
    "name": "[apps.NAME]",
    "out_file": "logs.out",
    "port": "bind",
    "restart_delay": "restart.first",
    "signal": "stop_signal",
    "target": "app",
    "timeout": "stop_timeout",
    "venv": "python",
    "workers": "instances",
}
"""How other tools call it, and which key of ours is nearest."""


class Values:
    """What was declared for one app, read; a key that was not declared gives its default."""

    def __init__(self, declared: dict[str, object]) -> None:
        self._declared = declared

    def __getitem__(self, key: Key[T]) -> T:
        value: T = self._declared.get(key.name, key.default)  # type: ignore[assignment]  # put there by key.read
        return value

    def __contains__(self, key: Key[T]) -> bool:
        return key.name in self._declared
