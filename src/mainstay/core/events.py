"""What happened, as the core hears it: facts from the daemon and requests from people."""

from dataclasses import dataclass
from enum import Enum

from mainstay.model.exits import Ending
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, EnvLayer, Interface


@dataclass(frozen=True, slots=True)
class Spawned:
    """The process of a worker exists."""

    worker: WorkerId
    pid: int
    start: int = 0
    """Clock ticks since boot: with the pid it names the process for ever. 0 when it is not known."""


@dataclass(frozen=True, slots=True)
class BecameReady:
    """A worker says, or was seen, to be able to serve."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker's process is gone, or never came. `chance` in [0, 1) is the randomness for the jitter of a wait."""

    worker: WorkerId
    ending: Ending
    lines: tuple[str, ...] = ()
    wall: float = 0.0
    """Epoch seconds, for people."""
    chance: float = 0.5


@dataclass(frozen=True, slots=True)
class NeverBegun:
    """A daemon that was killed did not come to start this worker: it has to be asked for again."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class TemplateLoaded:
    """A template has imported the app and can fork; `cold` says why it must not fork, and then the template is gone."""

    app: str
    generation: int
    pid: int
    interface: Interface
    cold: str = ""


@dataclass(frozen=True, slots=True)
class TemplateEnded:
    """A template failed to import the app, or died."""

    app: str
    generation: int
    reason: str
    hint: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """The listeners of an app are bound; `addresses` with the real port where 0 was asked for."""

    app: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListenFailed:
    """An address could not be bound; the listeners that the app had before stay."""

    app: str
    reason: str
    hint: str = ""


class Cause(Enum):
    """What is wrong with a worker that serves and is to be replaced."""

    HEALTH = "health"
    MEMORY = "memory"
    AGE = "age"
    """It has lived, or served, for as long as it was meant to: no fault at all."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A worker serves, but should be replaced by another one of its generation; said again, it changes nothing."""

    worker: WorkerId
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """A worker that was unfit for its health is well again."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class NotYet:
    """Why a worker that starts is not ready: what its health check was answered."""

    worker: WorkerId
    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """A worker does nothing any more, not even what it is asked: it can only be killed."""

    worker: WorkerId
    reason: str


@dataclass(frozen=True, slots=True)
class Extend:
    """A worker that starts or ends asks for so many more seconds, from now on."""

    worker: WorkerId
    seconds: float


@dataclass(frozen=True, slots=True)
class Armed:
    """A schedule counts from now on: what is due after `wall` (epoch seconds) and missed is made up for."""

    app: str
    wall: float


@dataclass(frozen=True, slots=True)
class Due:
    """The time of an app's schedule has come, or came while nobody could look. `wall`: now, in epoch seconds."""

    app: str
    wall: float


class Stage(Enum):
    """Where in its life an app has a command run."""

    BEFORE_START = "before_start"
    AFTER_STOP = "after_stop"


@dataclass(frozen=True, slots=True)
class StepEnded:
    """The command of a stage is gone with all that it started, or never came."""

    app: str
    generation: int
    stage: Stage
    ending: Ending
    lines: tuple[str, ...] = ()
    wall: float = 0.0
    """Epoch seconds, for people."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went on: the nearest deadline may have passed."""


Token = int
"""Names a request, so that its reply finds the way back."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Make these specs true. `reload` also replaces the workers of apps whose spec did not change."""

    token: Token
    specs: tuple[AppSpec, ...]
    reload: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Start stopped apps or slots again."""

    token: Token
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """End workers and leave the slots down."""

    token: Token
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restart:
    """End workers and start new ones."""

    token: Token
    selectors: tuple[str, ...]
    shell: EnvLayer | None = None
    """Replaces the `shell` layer of the environment (`--update-env`)."""


@dataclass(frozen=True, slots=True)
class Reload:
    """Replace workers with no gap; hold at `canary` percent of new connections when it is not 0."""

    token: Token
    selectors: tuple[str, ...]
    canary: int = 0
    shell: EnvLayer | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    """Go on with a rollout that holds as a canary, or take it back."""

    token: Token
    selectors: tuple[str, ...]
    proceed: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """Change the number of slots: `4`, `+2`, `-1`, `0` or `max` for one per core."""

    token: Token
    app: str
    to: str


@dataclass(frozen=True, slots=True)
class Delete:
    """End an app and forget it."""

    token: Token
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to the workers' main processes."""

    token: Token
    selectors: tuple[str, ...]
    signal: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Set restart counters to 0."""

    token: Token
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunJob:
    """Run a job now; answered when the run has ended, or at once with `detach`."""

    token: Token
    app: str
    detach: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """End everything, then the daemon. What is declared is remembered, and what was up with it."""

    token: Token


@dataclass(frozen=True, slots=True)
class Resurrect:
    """Start again what was up before the machine, or the daemon, was shut down."""

    token: Token


Care = Unfit | Recovered | NotYet | Stuck | Extend
Fact = (
    Spawned
    | BecameReady
    | Ended
    | NeverBegun
    | TemplateLoaded
    | TemplateEnded
    | Listening
    | ListenFailed
    | StepEnded
    | Armed
    | Due
    | Care
)
Selecting = Start | Stop | Restart | Reload | Decide | Delete | Signal | Reset
Request = Apply | Selecting | Scale | RunJob | Kill | Resurrect
Event = Fact | Request | Tick
