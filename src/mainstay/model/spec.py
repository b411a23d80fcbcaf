"""What is wanted: the declaration of an app, as data. Made by `config/`, kept by the daemon."""

from dataclasses import dataclass, field
from enum import Enum


class Engine(Enum):
    """The server that runs a Python web app inside our runtime."""

    UVICORN = "uvicorn"
    GRANIAN = "granian"


class Interface(Enum):
    """How a Python web app is called; AUTO until the template has looked at it."""

    AUTO = "auto"
    ASGI = "asgi"
    WSGI = "wsgi"


@dataclass(frozen=True, slots=True)
class PythonApp:
    """A web app served by our runtime: `target` is `module:attribute` or `module:factory()`."""

    target: str
    python: str
    """Absolute path of the interpreter that runs it (the user's virtual environment)."""
    engine: Engine = Engine.UVICORN
    interface: Interface = Interface.AUTO
    preload: bool = True
    """Import once and fork workers; False starts each worker on its own."""
    threads: int = 40
    """Threads per worker for WSGI apps."""


@dataclass(frozen=True, slots=True)
class Command:
    """Any program, started as it is."""

    argv: tuple[str, ...]
    increment: str = ""
    """The variable (`PORT`) to which the slot's number is added, for programs that bind by themselves."""
    notify: bool = False
    """It says by itself when it is ready (sd_notify(3)), and is waited for until it does."""


Program = PythonApp | Command


@dataclass(frozen=True, slots=True)
class TcpBind:
    """A TCP address; a host of `::` or `0.0.0.0` means every address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixBind:
    """A Unix stream socket at an absolute path."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Bind = TcpBind | UnixBind


class RestartOn(Enum):
    """Which exits that nobody asked for are followed by a new start."""

    ALWAYS = "always"
    FAILURE = "failure"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Restart:
    """When and how fast a worker that ended by itself is started again. Times in seconds."""

    on: RestartOn = RestartOn.ALWAYS
    first: float = 0.1
    cap: float = 60.0
    exponential: bool = True
    """False: every wait is `first`."""
    give_up_after: int = 0
    """Tries in a row before the slot is `errored`; 0 means never."""
    schedule: str = ""
    """When to reload whatever happens, as cron(5) has it; empty means never."""


class LogFormat(Enum):
    """What a log file holds: what the app wrote, that with a time before each line, or a JSON object a line."""

    RAW = "raw"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """Where a worker's output goes. `rotate` in bytes, 0 means never."""

    format: LogFormat = LogFormat.RAW
    rotate: int = 20 * 1024 * 1024
    keep: int = 5
    compress: bool = True
    out: str = ""
    """Absolute path for stdout of every slot; empty means `MAINSTAY_HOME/logs/web-0.out.log`."""
    err: str = ""


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """It answers a GET of this path with a status from 200 to 399."""

    path: str


@dataclass(frozen=True, slots=True)
class TcpCheck:
    """It takes a connection at this address; empty: where the app listens."""

    address: str = ""


@dataclass(frozen=True, slots=True)
class CommandCheck:
    """This command, run in the app's folder and environment, exits with 0."""

    argv: tuple[str, ...]


HealthCheck = HttpCheck | TcpCheck | CommandCheck


@dataclass(frozen=True, slots=True)
class Health:
    """How it is seen whether a worker is well. Times in seconds."""

    check: HealthCheck
    interval: float = 10.0
    timeout: float = 2.0
    failures: int = 3
    """Failed checks in a row after which a worker that was well is replaced."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a worker is replaced though nothing is wrong with it yet; 0 means never."""

    memory: int = 0
    """Bytes (PSS) of a worker and all that it started."""
    requests: int = 0
    lifetime: float = 0.0
    """Seconds."""
    watchdog: float = 0.0
    """Seconds for which its event loop may stand still, or a program that speaks sd_notify(3) be silent."""


@dataclass(frozen=True, slots=True)
class Rlimit:
    """A resource limit (getrlimit(2)): `nofile`, `core`, `as`...; -1 means unlimited."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Privileges:
    """As whom, and with what, its processes run; empty, 0 and -1 mean: as the daemon does."""

    user: str = ""
    group: str = ""
    groups: tuple[str, ...] = ()
    """Supplementary groups; empty: those of the user."""
    umask: int = -1
    nice: int = 0
    rlimits: tuple[Rlimit, ...] = ()


class Condition(Enum):
    """What an app must have reached before one that depends on it starts."""

    STARTED = "started"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Dependency:
    """An app that has to be there first."""

    app: str
    condition: Condition = Condition.STARTED


class Overlap(Enum):
    """What happens when a job is due and its last run has not ended."""

    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job runs: a cron(5) expression in a time zone (empty: the machine's). `timeout` in seconds, 0: none."""

    cron: str
    timezone: str = ""
    overlap: Overlap = Overlap.SKIP
    timeout: float = 0.0


@dataclass(frozen=True, slots=True)
class Hook:
    """What is run or called (a webhook) when something happens. `interval`: seconds between two calls at least."""

    event: str
    argv: tuple[str, ...] = ()
    url: str = ""
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class EnvLayer:
    """Variables that came from one place; a later layer wins."""

    source: str
    """`base`, `shell`, `file /srv/shop/.env`, `env`, `environments.production` or `mainstay`."""
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class AppSpec:
    """One app, resolved: every path absolute, every default filled in. Times in seconds."""

    name: str
    program: Program
    cwd: str
    namespace: str = "default"
    instances: int = 1
    """0: one per core; negative: that many fewer; see `slots_wanted`."""
    binds: tuple[Bind, ...] = ()
    trusted_proxy: str = ""
    """Who may say who its client is, as MAINSTAY_TRUSTED_PROXY has it; empty: nobody."""
    env: tuple[EnvLayer, ...] = ()
    environment: str = "production"
    """What `APP_ENV` says."""
    start_timeout: float = 30.0
    stop_timeout: float = 10.0
    stop_signal: str = "SIGTERM"
    parallel: int = 1
    """How many slots are replaced at a time by a reload."""
    restart: Restart = field(default_factory=Restart)
    logs: LogPolicy = field(default_factory=LogPolicy)
    health: Health | None = None
    limits: Limits = field(default_factory=Limits)
    privileges: Privileges = field(default_factory=Privileges)
    depends_on: tuple[Dependency, ...] = ()
    before_start: tuple[str, ...] = ()
    """A command that is run once for each generation, before its first process."""
    before_start_timeout: float = 600.0
    after_stop: tuple[str, ...] = ()
    """A command that is run when the app has come to rest because someone stopped it."""
    schedule: Schedule | None = None
    """Makes it a job: run when it is due, and not when it is deployed."""
    hooks: tuple[Hook, ...] = ()
    source: str = ""
    """The file it was declared in; empty when it was started from the command line."""


def slots_wanted(instances: int, cores: int) -> int:
    """How many slots `instances` means on a machine with this many cores; never fewer than one."""
    return instances if instances > 0 else max(1, cores + instances)


def environment_of(spec: AppSpec) -> dict[str, tuple[str, str]]:
    """Every variable the app is given, before what is injected per worker: name -> (value, source)."""
    return {name: (value, layer.source) for layer in spec.env for name, value in layer.values.items()}
