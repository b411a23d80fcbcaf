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
    source: str = ""
    """The file it was declared in; empty when it was started from the command line."""


def slots_wanted(instances: int, cores: int) -> int:
    """How many slots `instances` means on a machine with this many cores; never fewer than one."""
    return instances if instances > 0 else max(1, cores + instances)


def environment_of(spec: AppSpec) -> dict[str, tuple[str, str]]:
    """Every variable the app is given, before what is injected per worker: name -> (value, source)."""
    return {name: (value, layer.source) for layer in spec.env for name, value in layer.values.items()}
