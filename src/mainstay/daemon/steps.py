"""The commands around an app's life: run in its environment and folder, captured, ended with all they started."""

import os
import signal
import time
from dataclasses import dataclass

from mainstay.core.effects import RunStep
from mainstay.core.events import Stage, StepEnded
from mainstay.core.steps import argv_of
from mainstay.daemon import environment
from mainstay.daemon.children import Child, Children
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.privileges import under
from mainstay.daemon.sweep import MARK, Sweeper
from mainstay.daemon.templates import Post, why_not_started
from mainstay.model.exits import Ending, Exited, Unstarted
from mainstay.model.spec import AppSpec
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn
from mainstay.sys.tree import Member


@dataclass(slots=True)
class Running:
    """One command that runs."""

    effect: RunStep
    child: Child | None = None
    seen: tuple[Member, ...] = ()
    """What belonged to it when it was told to end."""

    @property
    def key(self) -> str:
        """The name of its output, and the mark of what it starts."""
        return key_of(self.effect)


class Steps:
    """The commands that run, one for each app at most."""

    def __init__(self, sweeper: Sweeper, children: Children, outputs: Outputs, post: Post) -> None:
        self._sweeper = sweeper
        self._children = children
        self._outputs = outputs
        self._post = post
        self._running: dict[str, Running] = {}

    def run(self, effect: RunStep) -> None:
        """Start it."""
        running = self._running[effect.app] = Running(effect)
        try:
            pid = self._spawn(running)
        except (SpawnFailed, OSError) as error:
            self._finish(running, Unstarted(why_not_started(error)))
            return
        self._sweeper.pens.enclose(running.key, pid)
        running.child = self._children.add(pid, lambda ending: self._ended(running, ending))
        if running.child is None:
            self._finish(running, Unstarted("it was gone before it could be watched"))

    def adopt(self, effect: RunStep, pid: int, start: int) -> bool:
        """Go on with a command that a daemon before us has started; False when it is gone."""
        running = Running(effect)
        running.child = self._children.add(pid, lambda ending: self._ended(running, ending), start)
        if running.child is None:
            return False
        self._running[effect.app] = running
        self._sweeper.adopt(running.key, pid)
        self._outputs.adopt(running.key, effect.spec, place(effect.app, effect.stage), -1, pid)
        return True

    def _spawn(self, running: Running) -> int:
        spec, stage = running.effect.spec, running.effect.stage
        out, err = self._outputs.open(running.key, spec, place(spec.name, stage), -1)
        try:
            env = environment.declared(spec) | {MARK: running.key}
            return spawn(under(spec.privileges, Spawn(argv_of(spec, stage), env, spec.cwd, out, err)))
        finally:
            os.close(out)
            os.close(err)

    def stop(self, app: str) -> None:
        """Ask it and all that it started to end; what has not by the app's `stop_timeout` is killed."""
        running = self._running.get(app)
        if running is None or running.child is None:
            return
        self._signal(running, signal.SIGTERM)
        self._sweeper.reactor.later(running.effect.spec.stop_timeout, lambda: self._signal(running, signal.SIGKILL))

    def _signal(self, running: Running, number: int) -> None:
        child = running.child
        if child is None or child.ended:
            return
        members = self._sweeper.members(child.pid, running.key)
        running.seen += members
        self._sweeper.signal([member for member in members if member.pid != child.pid], number)
        child.signal(number)

    def _ended(self, running: Running, ending: Ending) -> None:
        """It is done when nothing of what it started is left: what comes next may need what that holds."""
        assert running.child is not None
        grace = running.effect.spec.stop_timeout
        done = self._sweeper.sweep(
            running.child.pid, running.key, grace, lambda _: self._finish(running, ending), running.seen
        )
        if done is None:
            self._finish(running, ending)

    def _finish(self, running: Running, ending: Ending) -> None:
        effect, key = running.effect, running.key
        del self._running[effect.app]
        self._outputs.finish(key)
        lines = () if ending == Exited(0) else self._outputs.last_lines(key)
        self._outputs.forget(key)
        self._post(StepEnded(effect.app, effect.generation, effect.stage, ending, lines, time.time()))


def key_of(effect: RunStep) -> str:
    """The name under which a command is known while it runs, by the daemon after this one as well."""
    return f"{place(effect.app, effect.stage)}@{effect.generation}"


def place(app: str, stage: Stage) -> str:
    """The name of the log of a stage."""
    return f"{app}-{stage.value}"


def places(spec: AppSpec) -> list[str]:
    """The names of the logs of the stages that an app has."""
    return [place(spec.name, stage) for stage in Stage if argv_of(spec, stage)]
