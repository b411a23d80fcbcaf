"""What the simulated daemon has around it: processes, templates and sockets that are only data.

`Code` is what lies on the disk: a template, or a worker that starts on its own, behaves as the code was when it was
started.
"""

from dataclasses import dataclass, field

from mainstay.core.events import Stage
from mainstay.model.exits import Ending, Exited
from mainstay.model.ids import WorkerId
from mainstay.model.spec import Bind


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a worker goes on. Times in seconds; None means never."""

    spawn: float = 0.01
    ready: float | None = 0.03
    dies: float | None = None
    """After it was spawned."""
    ending: Ending = field(default_factory=lambda: Exited(1))
    drain: float | None = 0.1
    """From its stop signal to its end."""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """What a command of a stage comes to. Times in seconds; None: it hangs."""

    takes: float | None = 0.3
    ending: Ending = field(default_factory=lambda: Exited(0))
    lines: tuple[str, ...] = ()
    ends: float = 0.2
    """From when it is told to end."""


@dataclass(frozen=True, slots=True)
class Code:
    """What lies on the disk. `special` are the slots that behave otherwise."""

    load: float = 0.5
    failure: str = ""
    hangs: bool = False
    cold: str = ""
    worker: Behaviour = field(default_factory=Behaviour)
    special: dict[int, Behaviour] = field(default_factory=dict)
    steps: dict[Stage, Effort] = field(default_factory=dict)


@dataclass(slots=True)
class Process:
    """A worker as the world knows it."""

    worker: WorkerId
    listener: int
    behaviour: Behaviour
    from_template: bool
    takes_connections: bool
    pid: int = 0
    ready: bool = False
    accepting: bool = False
    asked_to_end: bool = False
    killed: bool = False
    excused: bool = False
    """Whether a daemon may have been killed before it sent the stop signal it had decided on."""

    @property
    def serves(self) -> bool:
        """Whether it takes new connections."""
        return self.accepting and not self.asked_to_end and not self.killed


@dataclass(slots=True)
class Loaded:
    """A template as the world knows it."""

    code: Code
    pid: int
    warm: bool = False


@dataclass(slots=True)
class Sockets:
    """The listeners of an app."""

    binds: tuple[Bind, ...]
    slots: int = 0
    weights: dict[int, int] = field(default_factory=dict)
    tended: frozenset[int] = frozenset()
    receivers: tuple[WorkerId, ...] = ()
