"""The commands around an app's life: `before_start`, once for each generation, and `after_stop`, when it rests.

One runs at a time. It has a deadline; once its time is over, or what it was for was given up, its end is waited for.
"""

from dataclasses import replace

from mainstay.core.app import Goal, Step
from mainstay.core.effects import Outcome, Refusal, RunStep, StopStep
from mainstay.core.events import Stage
from mainstay.core.turn import Turn
from mainstay.model.exits import Ending, Exited
from mainstay.model.spec import AppSpec

AFTER_STOP_TIMEOUT = 60.0
"""Seconds that `after_stop` gets: someone waits for the stop."""


def begin(turn: Turn, stage: Stage, generation: int) -> None:
    """Have the command of a stage run."""
    spec = turn.spec_of(generation)
    turn.app = replace(turn.app, step=Step(stage, generation, turn.now + _timeout(spec, stage)))
    turn.effects.append(RunStep(turn.app.name, generation, stage, spec))
    turn.notify(f"running {stage.value} of {turn.app.name}: {' '.join(argv_of(spec, stage))}")


def argv_of(spec: AppSpec, stage: Stage) -> tuple[str, ...]:
    """The command of a stage; empty when the app has none."""
    return spec.before_start if stage is Stage.BEFORE_START else spec.after_stop


def _timeout(spec: AppSpec, stage: Stage) -> float:
    return spec.before_start_timeout if stage is Stage.BEFORE_START else AFTER_STOP_TIMEOUT


def end(turn: Turn, why: str) -> None:
    """What runs is not wanted any more, or not any longer."""
    step = turn.app.step
    if step and not step.over:
        turn.app = replace(turn.app, step=replace(step, over=why))
        turn.effects.append(StopStep(turn.app.name))


def tick(turn: Turn) -> None:
    """See whether its time is over."""
    step = turn.app.step
    if step and not step.over and turn.now >= step.deadline:
        end(turn, f"took longer than {_timeout(turn.spec_of(step.generation), step.stage):g} s")


def fault_of(step: Step, ending: Ending) -> str:
    """What went wrong; empty when it did what it was for."""
    return step.over or ("" if ending == Exited(0) else str(ending))


def refusal(app: str, verb: str, fault: str, lines: tuple[str, ...]) -> Refusal:
    """Why a generation is refused whose `before_start` failed; `verb` is what people asked for."""
    hint = "raise before_start_timeout if it needs to" if fault.startswith("took longer") else ""
    if verb != "start":
        hint = "what served before serves on" + (f"; {hint}" if hint else "")
    return Refusal(f"cannot {verb} {app}: before_start: {fault}", hint, lines)


def tell(turn: Turn, fault: str) -> None:
    """Say that `after_stop` failed to those who wait for the stop, which is done all the same."""
    for wait in turn.app.waits if fault else ():
        if wait.goal in (Goal.STOPPED, Goal.DELETED) and isinstance(wait.outcome, Outcome):
            told = replace(wait, outcome=replace(wait.outcome, message=f"after_stop: {fault}"))
            turn.app = replace(turn.app, waits=tuple(told if w is wait else w for w in turn.app.waits))
