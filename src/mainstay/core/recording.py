"""What is written down of something that happened, beside its text: facts as data, and nothing that is secret."""

from mainstay.core.effects import Facts, Refusal
from mainstay.core.slot import Exit
from mainstay.model.exits import Exited, Signaled, signal_name
from mainstay.model.happening import Kind
from mainstay.model.ids import WorkerId

KIND_OF_OUTCOME = {
    "started": Kind.START,
    "stopped": Kind.STOP,
    "restarted": Kind.RESTART,
    "changed": Kind.CHANGED,
    "scaled": Kind.SCALED,
    "deleted": Kind.DELETED,
}
"""What became of an app in a request -> its kind. The others changed nothing, or are recorded where they happen."""


def of_worker(worker: WorkerId, pid: int = 0) -> Facts:
    """Which worker it was."""
    facts: Facts = {"slot": str(worker.slot), "generation": worker.generation}
    return facts | ({"pid": pid} if pid else {})


def of_exit(last: Exit) -> Facts:
    """How a worker ended: the code of exit(2) or the name of the signal, never one in place of the other."""
    ending = last.ending
    return {
        "pid": last.pid or None,
        "generation": last.worker.generation,
        "reason": f"replaced: {last.why}" if last.why else str(ending),
        "code": ending.code if isinstance(ending, Exited) else None,
        "signal": signal_name(ending.signal) if isinstance(ending, Signaled) else None,
        "asked": last.asked,
        "uptime": round(last.uptime, 3),
        "lines": list(last.lines),
    }


def of_refusal(refusal: Refusal) -> Facts:
    """Why something was not done."""
    return {"reason": refusal.message, "hint": refusal.hint, "lines": list(refusal.lines)}
