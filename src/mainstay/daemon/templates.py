"""The templates' processes: each imports an app once, and forks its workers when asked over its control socket."""

import errno
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from mainstay.core.effects import StartTemplate
from mainstay.core.events import Event, TemplateEnded, TemplateLoaded
from mainstay.daemon import environment
from mainstay.daemon.children import Child, Children
from mainstay.daemon.outputs import TEMPLATE, Outputs
from mainstay.daemon.privileges import under
from mainstay.daemon.sweep import MARK, Sweeper
from mainstay.model.exits import Ending
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Interface, PythonApp
from mainstay.protocol.jsontext import dumps, loads
from mainstay.sys import procfs, subreaper
from mainstay.sys.fds import recv_with_fds, send_with_fds, socketpair_seqpacket
from mainstay.sys.fdstore import FdStore
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn

CONTROL_FD = 3
MESSAGE_BYTES = 65536
KEPT = "template"
STOP_TIMEOUT = 5.0
"""Seconds a template gets to end when it is to, or says that it will."""
FORK_TIMEOUT = 10.0
"""Seconds a template gets for one worker: one that takes longer hangs, and its workers would be waited for for ever."""
ORPHANS_GRACE = 2.0
"""Seconds that what was started by an import gets to end after the template has ended."""

Post = Callable[[Event], None]
SpecOf = Callable[[str, int], AppSpec | None]
OnFork = Callable[[str, int, str], None]
"""Called with a worker's token, its pid, and why there is none (empty when there is one)."""


@dataclass(slots=True)
class Template:
    """One template's process."""

    app: str
    generation: int
    serial: int
    control: socket.socket
    forks: dict[str, OnFork]
    """Asked for, not answered yet."""
    child: Child | None = None
    adopted: bool = False
    """Whether another daemon started it: what it forks has another parent then."""
    told: bool = False
    """Whether its end has been reported, or is not to be."""
    wrong: str = ""
    """What it did that made us end it."""

    @property
    def key(self) -> str:
        """The name of its output, and the mark of what it starts."""
        return f"{self.app}@{self.generation}.{TEMPLATE}.{self.serial}"


class Templates:
    """All templates, by app and generation."""

    def __init__(self, sweeper: Sweeper, children: Children, outputs: Outputs, store: FdStore, post: Post) -> None:
        self._reactor = sweeper.reactor
        self._sweeper = sweeper
        self._children = children
        self._outputs = outputs
        self._store = store
        self._post = post
        self._templates: dict[tuple[str, int], Template] = {}
        self._serial = 0

    def start(self, effect: StartTemplate) -> None:
        """Start the process and tell it what to import."""
        self._serial += 1
        try:
            ours, theirs = socketpair_seqpacket()
        except OSError as error:
            reason = why_not_started(error)
            self._post(TemplateEnded(effect.app, effect.generation, reason))
            return
        ours.setblocking(False)
        template = Template(effect.app, effect.generation, self._serial, ours, {})
        self._templates[effect.app, effect.generation] = template
        try:
            pid = self._spawn(template, effect.spec, theirs.fileno())
        except (SpawnFailed, OSError) as error:
            self._drop(template, why_not_started(error))
            return
        finally:
            theirs.close()
        template.child = self._children.add(pid, lambda ending: self._ended(template, ending))
        if template.child is None:
            self._drop(template, "it was gone before it could be watched")
            return
        with suppress(OSError):  # then it ends with us
            self._store.put(_kept(template, procfs.start_time(pid) or 0), (ours.fileno(),))
        self._reactor.read(ours.fileno(), lambda: self._hear(template))
        program = effect.spec.program
        assert isinstance(program, PythonApp)
        message = load_message("load", effect.spec, program.interface)
        with suppress(OSError):  # it has ended already, which is about to be seen
            send_with_fds(ours, dumps(message).encode(), ())

    def adopt(self, kept: str, spec_of: SpecOf) -> tuple[str, int] | None:
        """Take a template over from a daemon that is gone, by the name under which it was kept; its app and generation.

        None when it is gone as well. What nobody knows any more is taken over too, to be stopped.
        """
        app, generation, serial, pid, start = _unkept(kept)
        self._serial = max(self._serial, serial)
        (fd,) = self._store.take(kept)
        template = Template(app, generation, serial, socket.socket(fileno=fd), {}, adopted=True)
        template.child = self._children.add(pid, lambda ending: self._ended(template, ending), start)
        spec = spec_of(app, generation)
        if spec is not None:
            self._outputs.adopt(template.key, spec, f"{app}-{TEMPLATE}", -1, 0)
        if template.child is None:
            self._outputs.finish(template.key)
            self._outputs.forget(template.key)
            self._store.drop((kept,))
            template.control.close()
            return None
        template.control.setblocking(False)
        self._templates[app, generation] = template
        self._reactor.read(template.control.fileno(), lambda: self._hear(template))
        with suppress(OSError):  # it is ending, which is about to be seen
            send_with_fds(template.control, dumps({"type": "report"}).encode(), ())
        return app, generation

    def find(self, worker: WorkerId, on_fork: OnFork) -> bool:
        """Ask whether a worker has been forked; `on_fork` is told no pid when it has not. False: nobody to ask."""
        template = self._templates.get((worker.slot.app, worker.generation))
        return template is not None and self._ask(template, {"type": "find", "token": worker.token}, (), on_fork)

    def _spawn(self, template: Template, spec: AppSpec, control: int) -> int:
        program = spec.program
        assert isinstance(program, PythonApp)
        out, err = self._outputs.open(template.key, spec, f"{spec.name}-{TEMPLATE}", -1)
        try:
            env = environment.declared(spec) | environment.of_runtime(CONTROL_FD) | {MARK: template.key}
            argv = (program.python, environment.boot_script(), "template", program.target)
            recipe = Spawn(argv, env, spec.cwd, out, err, pass_fds=((control, CONTROL_FD),))
            return spawn(under(spec.privileges, recipe))
        finally:
            os.close(out)
            os.close(err)

    def stop(self, app: str, generation: int) -> None:
        """End a template; nothing is reported. What it was asked to fork it forks, so that no worker is lost."""
        template = self._templates.get((app, generation))
        if template is None or template.child is None:
            return
        template.told = True
        if template.forks and template.control.fileno() >= 0:
            with suppress(OSError):  # it has ended already
                template.control.shutdown(socket.SHUT_WR)
        else:
            template.child.signal(signal.SIGTERM)
        self._kill_later(template, STOP_TIMEOUT)

    def fork(self, worker: WorkerId, env: dict[str, str], fds: tuple[int, ...], on_fork: OnFork) -> bool:
        """Ask for a worker; False when the template is gone."""
        template = self._templates.get((worker.slot.app, worker.generation))
        if template is None:
            return False
        message = {"type": "fork", "token": worker.token, "slot": worker.slot.index, "generation": worker.generation}
        return self._ask(template, message | {"env": env}, fds, on_fork)

    def _ask(self, template: Template, message: dict[str, object], fds: tuple[int, ...], on_fork: OnFork) -> bool:
        token = str(message["token"])
        try:
            send_with_fds(template.control, dumps(message).encode(), fds)
        except OSError:
            return False
        template.forks[token] = on_fork
        self._children.expecting += 1
        self._reactor.later(FORK_TIMEOUT, lambda: self._give_up(template, token))
        return True

    def pids(self, app: str) -> list[int]:
        """The pids of an app's templates."""
        return [t.child.pid for (name, _), t in self._templates.items() if name == app and t.child]

    def _give_up(self, template: Template, token: str) -> None:
        if token in template.forks:
            self._kill(template)

    def _kill_later(self, template: Template, seconds: float) -> None:
        self._reactor.later(seconds, lambda: self._kill(template))

    @staticmethod
    def _kill(template: Template) -> None:
        if template.child:
            template.child.signal(signal.SIGKILL)

    def _hear(self, template: Template) -> None:
        while template.control.fileno() >= 0:
            try:
                data, _ = recv_with_fds(template.control, MESSAGE_BYTES, 0)
                if data:
                    self._take(template, _parsed(data))
                    continue
            except BlockingIOError:
                return
            except ConnectionError:
                pass  # it ended with messages of ours unread
            except (OSError, ValueError) as error:
                template.wrong = f"its template sent something that is no message: {error}"
            self._hang_up(template)

    def _hang_up(self, template: Template) -> None:
        """It ends, or nothing it says can be trusted any more: either way no worker comes from it."""
        self._reactor.forget(template.control.fileno())
        template.control.close()
        self._kill_later(template, 0.0 if template.wrong else STOP_TIMEOUT)

    def _take(self, template: Template, message: dict[str, object]) -> None:
        kind, token = message.get("type"), str(message.get("token", ""))
        if kind in ("forked", "fork-failed"):
            pid, error = message.get("pid"), str(message.get("error", ""))
            if not error and not (isinstance(pid, int) and (template.adopted or _is_ours(pid))):
                raise ValueError(f"{pid} is no worker")
            self._answer_fork(template, token, pid if isinstance(pid, int) else 0, error)
        elif kind == "not-forked":
            self._answer_fork(template, token, 0, "it was never asked for")
        elif kind in ("imported", "cold"):
            template.told = template.told or kind == "cold"
            pid = template.child.pid if template.child else 0
            interface = Interface(message.get("interface", "auto"))
            cold = str(message.get("reason") or "it must not be forked") if kind == "cold" else ""
            self._post(TemplateLoaded(template.app, template.generation, pid, interface, cold))
            if cold:
                self._kill_later(template, STOP_TIMEOUT)
        elif kind == "failed":
            lines = self._outputs.last_lines(template.key)
            self._tell(template, str(message.get("error")), str(message.get("hint", "")), lines)
            self._kill_later(template, STOP_TIMEOUT)

    def _answer_fork(self, template: Template, token: str, pid: int, error: str) -> None:
        on_fork = template.forks.pop(token, None)
        if on_fork:
            on_fork(token, pid, error)
            self._children.answered()

    def _ended(self, template: Template, ending: Ending) -> None:
        self._hear(template)
        # A worker that was forked and not announced any more is found by the mark, what the import started by session.
        mark = template.key if template.forks else ""
        assert template.child is not None
        self._sweeper.sweep(template.child.pid, mark, ORPHANS_GRACE, lambda _: None)
        self._outputs.finish(template.key)
        lines = () if template.told else self._outputs.last_lines(template.key)
        self._drop(template, template.wrong or f"its template ended: {ending}", lines)

    def _drop(self, template: Template, reason: str, lines: tuple[str, ...] = ()) -> None:
        if self._templates.get((template.app, template.generation)) is template:
            del self._templates[template.app, template.generation]
        self._store.drop(name for name in self._store.names() if name.startswith(_kept(template)))
        if template.control.fileno() >= 0:
            self._reactor.forget(template.control.fileno())
            template.control.close()
        for token in tuple(template.forks):
            self._answer_fork(template, token, 0, reason)
        self._outputs.forget(template.key)
        self._tell(template, reason, "", lines)

    def _tell(self, template: Template, reason: str, hint: str, lines: tuple[str, ...]) -> None:
        if not template.told:
            template.told = True
            self._post(TemplateEnded(template.app, template.generation, reason, hint, lines))


def _kept(template: Template, start: int = 0) -> str:
    """The name under which our end of a template's control socket is kept, without `start` how it begins."""
    name = f"{KEPT} {template.app} {template.generation} {template.serial} "
    return f"{name}{template.child.pid if template.child else 0} {start}" if start else name


def _unkept(name: str) -> tuple[str, int, int, int, int]:
    _, app, generation, serial, pid, start = name.split(" ")
    return app, int(generation), int(serial), int(pid), int(start)


def why_not_started(error: SpawnFailed | OSError) -> str:
    """One line for a process that could not be started."""
    if not isinstance(error, SpawnFailed):
        return f"no process could be made: {error.strerror}"
    what = os.strerror(error.errno)
    match error.what:
        case "cwd":
            return f"cannot enter its folder {error.path}: {what}"
        case "exec":
            return f"cannot run {error.path}: {what}"
        case "identity":
            refused = "only a daemon of root may do that" if error.errno == errno.EPERM else what
            return f"cannot run it as {error.path}: {refused}"
        case "nice" | "rlimits":
            return f"cannot give it the {error.what} that are declared: {what}"
        case _:
            return f"cannot prepare it: {what}"


def _parsed(data: bytes) -> dict[str, object]:
    message = loads(data.decode())
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


def _is_ours(pid: int) -> bool:
    """Whether it is a child of ours, ended or not: a template names nobody else."""
    found = procfs.stat(pid)
    return found is None or found.ppid == os.getpid() or not subreaper.supported()


def load_message(kind: str, spec: AppSpec, interface: Interface) -> dict[str, object]:
    """What our runtime is told of an app."""
    program = spec.program
    assert isinstance(program, PythonApp)
    return {
        "type": kind,
        "app": spec.name,
        "target": program.target,
        "engine": program.engine.value,
        "interface": interface.value,
        "threads": program.threads,
        "stop_timeout": spec.stop_timeout,
        "preload": program.preload,
    }
