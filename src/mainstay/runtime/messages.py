"""What the daemon and the runtime say to each other, as data; how it is written is in `control`."""

import signal
from dataclasses import dataclass
from enum import StrEnum

DUMP_SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR2)
"""Has a worker that is watched write the stacks of its threads to its standard error."""


class Engine(StrEnum):
    """Which server carries the requests to the app."""

    UVICORN = "uvicorn"
    GRANIAN = "granian"


class Interface(StrEnum):
    """How the app is called; AUTO means that it is to be found out."""

    AUTO = "auto"
    ASGI = "asgi"
    WSGI = "wsgi"


@dataclass(frozen=True, slots=True)
class Load:
    """Import the app. `threads` serve a WSGI app; `stop_timeout` is in seconds, from the first SIGTERM to SIGKILL."""

    app: str
    target: str
    engine: Engine
    interface: Interface
    threads: int
    stop_timeout: float
    preload: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Which worker this is: `token` is its full name, such as "web-0@7"."""

    token: str
    slot: int
    generation: int

    @property
    def name(self) -> str:
        """The slot's name, such as "web-0"."""
        return self.token.rpartition("@")[0] or self.token


@dataclass(frozen=True, slots=True)
class Fork:
    """Make a worker: its place, what to add to its environment, and its descriptors, which are ours to close."""

    place: Place
    env: dict[str, str]
    stdout: int
    stderr: int
    control: int
    listeners: tuple[int, ...]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that came with the message."""
        return (self.stdout, self.stderr, self.control, *self.listeners)


@dataclass(frozen=True, slots=True)
class Serve:
    """What a cold worker is told first: everything of `Load`, and its place and listeners."""

    load: Load
    place: Place
    listeners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """The app is there and workers may be forked; `seconds` is how long the import took."""

    interface: Interface
    seconds: float


@dataclass(frozen=True, slots=True)
class Cold:
    """The app imports, but forking it would not be safe: workers are to be started one by one."""

    interface: Interface
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The app cannot be had: one line why, and one line what to do about it ("" when there is nothing to say)."""

    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class Forked:
    """The worker is there; by now the template's parent is its parent."""

    token: str
    pid: int


@dataclass(frozen=True, slots=True)
class ForkFailed:
    """There is no new worker."""

    token: str
    error: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Start to accept connections."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Take no new work, finish what there is, leave."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Serve this connection, accepted by somebody else; the descriptor is ours to close."""

    fd: int


@dataclass(frozen=True, slots=True)
class Find:
    """Has this worker been forked? Asked by a daemon that took over from one that was killed."""

    token: str


@dataclass(frozen=True, slots=True)
class NotForked:
    """This worker has never been asked for."""

    token: str


@dataclass(frozen=True, slots=True)
class Report:
    """Say again how far it is: the daemon that heard it before was killed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Say that you live, so often that `watchdog` seconds never pass in silence, and when `requests` are answered.

    0: say nothing.
    """

    watchdog: float
    requests: int


TemplateRequest = Load | Fork | Find | Report
TemplateReply = Imported | Cold | Failed | Forked | ForkFailed | NotForked
WorkerRequest = Accept | Drain | Connection | Limits | Report
