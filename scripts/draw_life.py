"""Draws the life of a slot from the code that is its life: `python scripts/draw_life.py` prints a Mermaid diagram.

Every kind of life meets every event, under every restart policy that matters; where it goes is an arrow. The diagram
stands in docs/architecture.md, and a test fails when the two differ.
"""

from mainstay.core.events import BecameReady, Ended, Spawned, Stuck, Tick
from mainstay.core.slot import (
    Again,
    Backoff,
    Down,
    Failed,
    Finished,
    Killing,
    Renew,
    Running,
    Slot,
    SlotEvent,
    Starting,
    Stopped,
    Stopping,
    Up,
    Worker,
    step,
)
from mainstay.model.exits import Exited
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Command, Restart, RestartOn

NOW = 1000.0
ID = WorkerId(SlotId("web", 0), 1, 1)
WORKER = Worker(ID, NOW - 5, 4711)
# A life, whether it is wanted up, and what to say of that.
LIVES = (
    (Stopped(), False, ""),
    (Starting(WORKER, NOW - 1), True, ""),
    (Running(WORKER, NOW - 3), True, ""),
    (Stopping(WORKER, NOW - 1), False, ""),
    (Stopping(WORKER, NOW - 1), True, "wanted up"),
    (Stopping(WORKER, NOW - 1, "not ready in time"), True, "was at fault"),
    (Killing(WORKER), False, ""),
    (Killing(WORKER), True, "wanted up"),
    (Backoff(NOW - 1), True, ""),
    (Finished(Exited(0)), True, ""),
    (Failed(Exited(1)), True, ""),
)
EVENTS: tuple[tuple[str, SlotEvent], ...] = (
    ("up", Up()),
    ("down", Down()),
    ("restart", Again()),
    ("renew", Renew("it is too large")),
    ("stuck", Stuck(ID, "its loop is blocked")),
    ("spawned", Spawned(ID, 4711)),
    ("ready", BecameReady(ID)),
    ("exit 0", Ended(ID, Exited(0))),
    ("exit 1", Ended(ID, Exited(1))),
    ("deadline", Tick()),
)
POLICIES = {
    "": Restart(),
    "restart on failure": Restart(on=RestartOn.FAILURE),
    "limit reached": Restart(give_up_after=2),
}
EXITS = ("exit 0", "exit 1")


def arrows() -> dict[tuple[str, str], list[str]]:
    """From and to which kinds of life a slot goes, and because of what."""
    found: dict[tuple[str, str], list[str]] = {}
    for policy, restart in POLICIES.items():
        spec = AppSpec("web", Command(("true",)), "/", restart=restart)
        for life, up, remark in LIVES:
            for name, event in EVENTS:
                slot = Slot(SlotId("web", 0), 1, up=up, life=life, serial=1, tries=5)
                after, _ = step(slot, event, NOW, spec)
                causes = found.setdefault((type(life).__name__, type(after.life).__name__), [])
                said = ", ".join(text for text in (name, remark, policy) if text)
                if type(after.life) is not type(life) and not any(said.startswith(cause) for cause in causes):
                    causes.append(said)
    return found


def _joined(causes: list[str]) -> str:
    both = [c.removeprefix("exit 0") for c in causes if c.startswith("exit 0")]
    shared = [rest for rest in both if f"exit 1{rest}" in causes]
    kept = [c for c in causes if not (c.startswith(EXITS) and c[6:] in shared)]
    return " / ".join([*kept, *(f"exit{rest}" for rest in shared)])


def mermaid() -> str:
    """The diagram as Mermaid text."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> Stopped"]
    for (before, after), causes in arrows().items():
        if before != after and causes:
            lines.append(f"    {before} --> {after}: {_joined(causes)}")
    return "\n".join([*lines, "```"])


if __name__ == "__main__":
    print(mermaid())
