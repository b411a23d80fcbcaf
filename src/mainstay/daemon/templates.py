"""The templates' processes: each imports an app once, and forks its workers when asked over its control socket."""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.core.effects import StartTemplate
from mainstay.core.events import Event, TemplateEnded, TemplateLoaded
from mainstay.daemon import environment
from mainstay.daemon.children import Child, Children
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.reactor import Reactor
from mainstay.model.exits import Ending
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Interface, PythonApp
from mainstay.protocol.jsontext import dumps, loads
from mainstay.sys.fds import recv_with_fds, send_with_fds, socketpair_seqpacket
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn

CONTROL_FD = 3
MESSAGE_BYTES = 65536
PLACE = "template"

Post = Callable[[Event], None]
OnFork = Callable[[str, int, str], None]
"""Called with a worker's token, its pid, and why there is none (empty when there is one)."""


@dataclass(slots=True)
class Template:
    """One template's process."""

    app: str
    generation: int
    control: socket.socket
    forks: dict[str, OnFork]
    """Asked for, not answered yet."""
    child: Child | None = None
    told: bool = False
    """Whether its end has been reported, or is not to be."""

    @property
    def key(self) -> str:
        """The name of its output."""
        return f"{self.app}@{self.generation}.{PLACE}"


class Templates:
    """All templates, by app and generation."""

    def __init__(self, reactor: Reactor, children: Children, outputs: Outputs, post: Post) -> None:
        self._reactor = reactor
        self._children = children
        self._outputs = outputs
        self._post = post
        self._templates: dict[tuple[str, int], Template] = {}

    def start(self, effect: StartTemplate) -> None:
        """Start the process and tell it what to import."""
        spec, program = effect.spec, effect.spec.program
        assert isinstance(program, PythonApp)
        ours, theirs = socketpair_seqpacket()
        template = Template(effect.app, effect.generation, ours, {})
        self._templates[effect.app, effect.generation] = template
        try:
            out, err = self._outputs.open(template.key, spec, f"{spec.name}-{PLACE}", -1)
            env = environment.declared(spec) | environment.of_runtime(CONTROL_FD)
            argv = (program.python, environment.boot_script(), "template", program.target)
            pid = spawn(Spawn(argv, env, spec.cwd, out, err, pass_fds=((theirs.fileno(), CONTROL_FD),)))
            os.close(out)
            os.close(err)
        except (SpawnFailed, OSError) as error:
            theirs.close()
            self._drop(template, f"cannot run {program.python} in {spec.cwd}: {error}")
            return
        theirs.close()
        ours.setblocking(False)
        template.child = self._children.add(pid, lambda ending: self._ended(template, ending))
        self._reactor.read(ours.fileno(), lambda: self._hear(template))
        message = load_message("load", spec, program.interface)
        send_with_fds(ours, dumps(message).encode(), ())

    def stop(self, app: str, generation: int) -> None:
        """End a template; nothing is reported."""
        template = self._templates.get((app, generation))
        if template and template.child:
            template.told = True
            template.child.signal(signal.SIGTERM)
            self._reactor.later(5.0, lambda: self._kill(template))

    def fork(self, worker: WorkerId, env: dict[str, str], fds: tuple[int, ...], on_fork: OnFork) -> bool:
        """Ask for a worker; False when the template is gone."""
        template = self._templates.get((worker.slot.app, worker.generation))
        if template is None:
            return False
        message = {"type": "fork", "token": worker.token, "slot": worker.slot.index, "generation": worker.generation}
        try:
            send_with_fds(template.control, dumps(message | {"env": env}).encode(), fds)
        except OSError:
            return False
        template.forks[worker.token] = on_fork
        self._children.expecting += 1
        return True

    def pids(self, app: str) -> list[int]:
        """The pids of an app's templates."""
        return [t.child.pid for (name, _), t in self._templates.items() if name == app and t.child]

    def _kill(self, template: Template) -> None:
        if template.child and not template.child.ended:
            template.child.signal(signal.SIGKILL)

    def _hear(self, template: Template) -> None:
        while True:
            try:
                data, _ = recv_with_fds(template.control, MESSAGE_BYTES, 0)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._reactor.forget(template.control.fileno())
                return
            message = loads(data.decode())
            if isinstance(message, dict):
                self._take(template, message)

    def _take(self, template: Template, message: dict[str, object]) -> None:
        kind, token = message.get("type"), str(message.get("token", ""))
        if kind in ("forked", "fork-failed"):
            pid = message.get("pid")
            self._answer_fork(template, token, pid if isinstance(pid, int) else 0, str(message.get("error", "")))
        elif kind in ("imported", "cold"):
            template.told = kind == "cold"
            pid = template.child.pid if template.child else 0
            interface = Interface(message.get("interface", "auto"))
            cold = str(message.get("reason", ""))
            self._post(TemplateLoaded(template.app, template.generation, pid, interface, cold))
        elif kind == "failed":
            lines = self._outputs.last_lines(template.key)
            self._tell(template, str(message.get("error")), str(message.get("hint", "")), lines)

    def _answer_fork(self, template: Template, token: str, pid: int, error: str) -> None:
        on_fork = template.forks.pop(token, None)
        if on_fork:
            self._children.expecting -= 1
            on_fork(token, pid, error)

    def _ended(self, template: Template, ending: Ending) -> None:
        if template.control.fileno() >= 0:
            self._hear(template)
        self._outputs.finish(template.key)
        lines = () if template.told else self._outputs.last_lines(template.key)
        self._drop(template, f"its template ended: {ending}", lines)

    def _drop(self, template: Template, reason: str, lines: tuple[str, ...] = ()) -> None:
        self._templates.pop((template.app, template.generation), None)
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
