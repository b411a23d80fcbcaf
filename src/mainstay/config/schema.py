"""Every key an app may have: one literal table, from which files are read, checked and documented."""

from typing import Any

from mainstay.config import addresses, cron, dependencies, health, hooks, privileges, proxies, values
from mainstay.config.commandline import arguments, command
from mainstay.config.key import Key, Values
from mainstay.model.spec import Bind, Dependency, Engine, Interface, LogFormat, Overlap, RestartOn, Rlimit

__all__ = ["KEYS", "LATER", "MEANT", "PROGRAMS", "SHORT", "Key", "Values"]

_RESTARTS = {
    "always": RestartOn.ALWAYS,
    "failure": RestartOn.FAILURE,
    "on-failure": RestartOn.FAILURE,
    "never": RestartOn.NEVER,
}
_WEB = ("app",)
_PROGRAM = ("command", "script")

APP = Key("app", "text", values.target, "", "", "A web app: `module:attribute`, or `module:factory()`. ASGI or WSGI.")
COMMAND: Key[tuple[str, ...]] = Key("command", "text or list", command, (), "", "Any program, with its arguments.")
SCRIPT = Key("script", "path", values.path, "", "", "A file to run; its ending, mode or first line says how.")
INTERPRETER = Key(
    "interpreter", "text", values.text, "", "by the script", "What runs the script; `none`: itself.", ("script",)
)
ARGS: Key[tuple[str, ...]] = Key("args", "text or list", arguments, (), "none", "Arguments of the script.", ("script",))
PYTHON = Key(
    "python",
    "path",
    values.path,
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
TRUSTED_PROXY = Key(
    "trusted_proxy",
    "network or list, number, or table",
    proxies.trusted_proxy,
    "",
    "none",
    'Whom to believe who the client is: the networks of the proxies in front (`"loopback"`, `"private"`, `"linklocal"`,'
    ' `"unix"`, `"10.0.0.0/8"`), or how many there are; `{ networks = ["private"], hops = 1, header = "forwarded" }`'
    " reads `Forwarded` and not `X-Forwarded-*`; `host = false` keeps the `Host` header. See docs/web-proxy.md.",
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
CWD = Key("cwd", "path", values.path, "", "the file's folder", "The folder the app runs in.")
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
NOTIFY = Key(
    "notify",
    "true or false",
    values.flag,
    False,
    "false",
    "It says by itself when it is ready (`READY=1`, sd_notify(3)), and its start waits for that.",
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
RESTART_SCHEDULE = Key(
    "restart.schedule", "cron(5)", cron.cron, "", "none", 'When to reload it whatever happens: `"0 4 * * *"`.'
)
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
    "logs.out", "path", values.path, "", "`MAINSTAY_HOME/logs/web-0.out.log`", "One file for stdout of every instance."
)
LOGS_ERR = Key(
    "logs.err", "path", values.path, "", "`MAINSTAY_HOME/logs/web-0.err.log`", "One file for stderr of every instance."
)

HEALTH_PATH = Key(
    "health.path",
    "path of a URL",
    health.path,
    "",
    "none",
    'It is well when a GET of this is answered with 200 to 399. `health = "/healthz"` is short for this key.',
)
HEALTH_TCP = Key(
    "health.tcp",
    "`true` or address",
    health.address,
    "",
    "none",
    "It is well when a connection is taken: where it listens, or at `host:port`.",
)
HEALTH_COMMAND: Key[tuple[str, ...]] = Key(
    "health.command",
    "text or list",
    command,
    (),
    "none",
    "It is well when this, run in its folder and environment, exits with 0.",
)
HEALTH_INTERVAL = Key(
    "health.interval", "time", values.positive_duration, 10.0, '"10s"', "The time between two checks."
)
HEALTH_TIMEOUT = Key("health.timeout", "time", values.positive_duration, 2.0, '"2s"', "How long a check may take.")
HEALTH_FAILURES = Key(
    "health.failures",
    "number",
    values.whole(1, 1000),
    3,
    "3",
    "Failed checks in a row after which a worker is replaced.",
)
MAX_MEMORY = Key(
    "max_memory",
    'size or `"never"`',
    values.or_never(values.size, 0),
    0,
    '"never"',
    "The memory (PSS) of a worker and all that it started above which it is replaced, once the new one serves.",
)
MAX_REQUESTS = Key(
    "max_requests",
    'number or `"never"`',
    values.or_never(values.whole(1, 10**12), 0),
    0,
    '"never"',
    "Requests after which a worker is replaced.",
    _WEB,
)
MAX_LIFETIME = Key(
    "max_lifetime",
    'time or `"never"`',
    values.or_never(values.positive_duration, 0.0),
    0.0,
    '"never"',
    "The age at which a worker is replaced.",
)
WATCHDOG = Key(
    "watchdog",
    'time or `"never"`',
    values.or_never(values.positive_duration, 0.0),
    0.0,
    '`"60s"` for `app`, else `"never"`',
    "How long its event loop may stand still, or a program that speaks sd_notify(3) be silent (it is told"
    " `WATCHDOG_USEC`), until it is replaced.",
)
USER = Key(
    "user",
    "name or number",
    privileges.account,
    "",
    "as mainstay",
    "As whom it runs; root only. Its `HOME`, `USER` and `LOGNAME` come with it.",
)
GROUP = Key("group", "name or number", privileges.account, "", "that of `user`", "Its group; root only.")
GROUPS: Key[tuple[str, ...]] = Key(
    "groups", "name or list", privileges.accounts, (), "those of `user`", "Its supplementary groups; root only."
)
UMASK = Key(
    "umask",
    "octal digits in a text",
    privileges.umask,
    -1,
    "as mainstay",
    'Which permissions the files that it makes do not get: `"027"`.',
)
NICE = Key(
    "nice", "number", values.whole(-20, 19), 0, "0", "How much it gives way to others; below 0 is for root only."
)
RLIMITS: Key[tuple[Rlimit, ...]] = Key(
    "rlimits",
    "table",
    privileges.rlimits,
    (),
    "as mainstay",
    'Resource limits (getrlimit(2)): `{ nofile = 65536, as = "2GiB", core = [0, "unlimited"] }`; one value, or soft'
    " and hard.",
)
DEPENDS_ON: Key[tuple[Dependency, ...]] = Key(
    "depends_on",
    "list or table",
    dependencies.dependencies,
    (),
    "[]",
    'Apps of the file that must be there before it starts: `["db"]`, or `{ db = "healthy" }`.',
)
BEFORE_START: Key[tuple[str, ...]] = Key(
    "before_start",
    "text or list",
    command,
    (),
    "none",
    "A command that is run once for each generation, before its first process; when it fails, nothing is replaced.",
)
BEFORE_START_TIMEOUT = Key(
    "before_start_timeout", "time", values.positive_duration, 600.0, '"10m"', "How long that may take."
)
AFTER_STOP: Key[tuple[str, ...]] = Key(
    "after_stop", "text or list", command, (), "none", "A command that is run when it has been stopped."
)
SCHEDULE_CRON = Key(
    "schedule.cron",
    "cron(5)",
    cron.cron,
    "",
    "none",
    'Makes it a job, which runs when it is due and not when it is started: `"0 3 * * *"`.'
    ' `schedule = "0 3 * * *"` is short for this key.',
    _PROGRAM,
)
SCHEDULE_TIMEZONE = Key(
    "schedule.timezone",
    "name",
    cron.timezone,
    "",
    "the machine's",
    "The time zone that is meant: `Europe/Berlin`.",
    _PROGRAM,
)
SCHEDULE_OVERLAP = Key(
    "schedule.overlap",
    '`"skip"`, `"queue"` or `"replace"`',
    values.choice({overlap.value: overlap for overlap in Overlap}),
    Overlap.SKIP,
    '"skip"',
    "What happens when it is due and still runs.",
    _PROGRAM,
)
SCHEDULE_TIMEOUT = Key(
    "schedule.timeout",
    'time or `"never"`',
    values.or_never(values.positive_duration, 0.0),
    0.0,
    '"never"',
    "How long a run may take.",
    _PROGRAM,
)
HOOKS: Key[hooks.Hooks] = Key(
    "hooks",
    "table",
    hooks.hooks,
    {},
    "those of the file",
    "What is run or called when something happens; see below. `false` takes one away that the file has.",
)

# Any: the keys hold different types; Values[key] gives each its own back.
KEYS: tuple[Key[Any], ...] = (
    *(APP, COMMAND, SCRIPT, INTERPRETER, ARGS, PYTHON, CWD, BIND, TRUSTED_PROXY, INSTANCES, NAMESPACE),
    *(ENV, ENV_FILES, ENVIRONMENT_ENV),
    *(ENGINE, INTERFACE, PRELOAD, THREADS, INCREMENT, NOTIFY),
    *(START_TIMEOUT, STOP_TIMEOUT, STOP_SIGNAL, PARALLEL),
    *(RESTART_ON, RESTART_BACKOFF, RESTART_FIRST, RESTART_CAP, RESTART_GIVE_UP, RESTART_SCHEDULE),
    *(DEPENDS_ON, BEFORE_START, BEFORE_START_TIMEOUT, AFTER_STOP),
    *(HEALTH_PATH, HEALTH_TCP, HEALTH_COMMAND, HEALTH_INTERVAL, HEALTH_TIMEOUT, HEALTH_FAILURES),
    *(MAX_MEMORY, MAX_REQUESTS, MAX_LIFETIME, WATCHDOG),
    *(USER, GROUP, GROUPS, UMASK, NICE, RLIMITS),
    *(SCHEDULE_CRON, SCHEDULE_TIMEZONE, SCHEDULE_OVERLAP, SCHEDULE_TIMEOUT),
    HOOKS,
    *(LOGS_FORMAT, LOGS_ROTATE, LOGS_KEEP, LOGS_COMPRESS, LOGS_OUT, LOGS_ERR),
)

PROGRAMS: tuple[Key[Any], ...] = (APP, COMMAND, SCRIPT)
"""Of these an app has exactly one."""

CHECKS: tuple[Key[Any], ...] = (HEALTH_PATH, HEALTH_TCP, HEALTH_COMMAND)
"""Of these a health check has exactly one."""

SHORT: dict[str, Key[Any]] = {"restart": RESTART_ON, "health": HEALTH_PATH, "schedule": SCHEDULE_CRON}
"""Tables that may be written as one text, and the key that is meant."""

LATER: dict[str, str] = {"watch": "`mainstay dev` is what reloads on save"}
"""Keys of other tools that we shall not have, and what there is instead."""

MEANT: dict[str, str] = {
    "autorestart": "restart",
    "cmd": "command",
    "cron": "schedule",
    "cron_restart": "restart.schedule",
    "directory": "cwd",
    "env_file": "env_files",
    "err_file": "logs.err",
    "error_file": "logs.err",
    "exec": "command",
    "exec_interpreter": "interpreter",
    "exp_backoff_restart_delay": "restart.first",
    "forwarded_allow_ips": "trusted_proxy",
    "gid": "group",
    "healthcheck": "health",
    "host": "bind",
    "increment_var": "increment",
    "interpreter_args": "interpreter",
    "kill_timeout": "stop_timeout",
    "limit_nofile": "rlimits",
    "listen": "bind",
    "listen_timeout": "start_timeout",
    "log_file": "logs.out",
    "max_memory_restart": "max_memory",
    "max_restarts": "restart.give_up_after",
    "memory": "max_memory",
    "name": "[apps.NAME]",
    "out_file": "logs.out",
    "post_stop": "after_stop",
    "pre_start": "before_start",
    "port": "bind",
    "proxy_headers": "trusted_proxy",
    "restart_delay": "restart.first",
    "signal": "stop_signal",
    "target": "app",
    "timeout": "stop_timeout",
    "timezone": "schedule.timezone",
    "trust_proxy": "trusted_proxy",
    "trusted_proxies": "trusted_proxy",
    "uid": "user",
    "venv": "python",
    "workers": "instances",
}
"""How other tools call it, and which key of ours is nearest."""
