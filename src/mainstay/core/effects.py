"""What must be done: carried out by the daemon, in order, with no decision of its own."""

from dataclasses import dataclass, field

from mainstay.core.events import Stage, Token
from mainstay.model.codec import Json
from mainstay.model.happening import Kind
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Bind, Interface, Privileges

Facts = dict[str, Json]
"""What is known of something that happened, for programs: `slot`, `pid`, `signal`, `lines`..."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Have listeners for this many slots, two a slot; answered by Listening or ListenFailed."""

    app: str
    binds: tuple[Bind, ...]
    slots: int


@dataclass(frozen=True, slots=True)
class Unlisten:
    """Close an app's listeners."""

    app: str


@dataclass(frozen=True, slots=True)
class Steer:
    """Give new connections to these listeners, by weight."""

    app: str
    weights: dict[int, int]


@dataclass(frozen=True, slots=True)
class Tend:
    """Take what arrives at listeners that no worker serves and hand it to `receivers`."""

    app: str
    listeners: frozenset[int]
    receivers: tuple[WorkerId, ...]


@dataclass(frozen=True, slots=True)
class StartTemplate:
    """Start the process that imports the app once; answered by TemplateLoaded or TemplateEnded."""

    app: str
    generation: int
    spec: AppSpec


@dataclass(frozen=True, slots=True)
class StopTemplate:
    """End a template; its end is not reported."""

    app: str
    generation: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Have the template of the worker's generation fork it; answered by Spawned or Ended."""

    worker: WorkerId
    spec: AppSpec
    listener: int


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a worker as a process of its own; answered by Spawned or Ended."""

    worker: WorkerId
    spec: AppSpec
    listener: int
    interface: Interface


@dataclass(frozen=True, slots=True)
class Accept:
    """Tell a worker of ours to start accepting."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class Terminate:
    """Ask a worker to end: its stop signal; to the whole tree unless it is one of our runtime, which drains."""

    worker: WorkerId
    signal: str
    tree: bool


@dataclass(frozen=True, slots=True)
class KillTree:
    """SIGKILL to a worker and all of its descendants."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class SendSignal:
    """A signal to a worker's main process."""

    worker: WorkerId
    signal: int


@dataclass(frozen=True, slots=True)
class RunStep:
    """Run the command of a stage; answered by StepEnded."""

    app: str
    generation: int
    stage: Stage
    spec: AppSpec


@dataclass(frozen=True, slots=True)
class StopStep:
    """End the command that an app has run, with all that it started; its end is reported."""

    app: str


@dataclass(frozen=True, slots=True)
class Arm:
    """Say when this schedule is due, from now on, with Due; in place of the one that the app had. Answered by Armed."""

    app: str
    cron: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Disarm:
    """An app has no schedule any more, or is off it."""

    app: str


@dataclass(frozen=True, slots=True)
class Forget:
    """An app is gone: drop what the daemon keeps for it."""

    app: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request could not be carried out."""

    message: str
    hint: str = ""
    lines: tuple[str, ...] = ()
    exit_code: int = 1
    code: int | None = None
    """How the worker ended that is the cause, as a shell says it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one app in a request: `started`, `changed`, `unchanged`, `stopped`, `failed`..."""

    app: str
    outcome: str
    changes: tuple[str, ...] = ()
    message: str = ""
    code: int | None = None
    """Of `failed`: how the worker ended that made it fail, as a shell says it; None when it was not a worker."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The one answer to a request."""

    token: Token
    outcomes: tuple[Outcome, ...] = field(default_factory=tuple)
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Progress of a request, for the person who waits."""

    token: Token
    app: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """Something happened that people may want to look up later: no value of a variable, nothing secret."""

    app: str
    text: str
    kind: Kind = Kind.NOTE
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """Let the group of an app's user connect to its Unix sockets."""

    app: str
    binds: tuple[Bind, ...]
    privileges: Privileges


@dataclass(frozen=True, slots=True)
class Adjust:
    """What is declared of an app holds for what runs of it from now on: its log options."""

    app: str
    spec: AppSpec
    slots: frozenset[int]


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Everything has ended: the daemon may go."""


Effect = (
    Listen
    | Unlisten
    | Steer
    | Tend
    | StartTemplate
    | StopTemplate
    | Fork
    | Launch
    | Accept
    | Terminate
    | KillTree
    | SendSignal
    | RunStep
    | StopStep
    | Arm
    | Disarm
    | Forget
    | Reply
    | Notify
    | Record
    | Shutdown
    | Adjust
    | Share
)
