"""The workers' processes: started or forked, spoken to over their control sockets, ended with all they started."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from mainstay.core.effects import Fork, Launch
from mainstay.core.events import BecameReady, Cause, Ended, Event, Extend, NeverBegun, Spawned, Unfit
from mainstay.core.slot import Alive, Killing, Starting, Stopping
from mainstay.daemon import environment, probes
from mainstay.daemon.children import Child, Children
from mainstay.daemon.listeners import Listeners
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.privileges import under
from mainstay.daemon.sweep import Sweep, Sweeper
from mainstay.daemon.templates import Templates, load_message, why_not_started
from mainstay.model.exits import Ending, Exited, Unstarted, signal_number
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Command, PythonApp
from mainstay.protocol.jsontext import dumps
from mainstay.sys import procfs
from mainstay.sys.fds import recv_with_fds, send_with_fds, socketpair_seqpacket
from mainstay.sys.fdstore import FdStore
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn
from mainstay.sys.tree import Member

MESSAGE_BYTES = 65536
DUMP_SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR2)
"""Has a worker of our runtime that is watched write its stacks (runtime/messages.py has the same)."""
FORK_AHEAD = 3
"""The first descriptor that a program is given (sd_listen_fds(3))."""
LAST_WORDS = 64
"""Messages that are still read when it has ended: what it left behind may go on talking in its name."""
ORPHANS_GRACE = 2.0
"""Seconds that the children of a worker of our runtime get to end after it has ended."""

Post = Callable[[Event], None]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.daemon.notify import Notify


class Process:
    """One worker's process, from before it exists until nothing of it is left."""

    def __init__(self, worker: WorkerId, spec: AppSpec) -> None:
        self.worker = worker
        self.spec = spec
        self.control: socket.socket | None = None
        self.pid = 0
        self.child: Child | None = None
        self.sweep: Sweep | None = None
        self.seen: tuple[Member, ...] = ()
        """What belonged to it when it was asked to end."""
        self.error = ""
        self.ready = False
        self.asked = False
        """Whether it has been asked to end."""
        self.heard = 0.0
        """When it said last that it lives (monotonic); 0 when nothing is expected of it."""
        self.limits = b""
        """What our runtime was told to say of itself."""

    def __repr__(self) -> str:
        return f"<Process {self.worker} pid {self.pid}>"


class Workers:
    """All processes of workers, by token."""

    def __init__(
        self,
        sweeper: Sweeper,
        children: Children,
        listeners: Listeners,
        outputs: Outputs,
        store: FdStore,
        post: Post,
    ) -> None:
        self._reactor = sweeper.reactor
        self._sweeper = sweeper
        self._children = self.children = children
        self._listeners = listeners
        self._outputs = outputs
        self._store = store
        self._post = post
        self._processes: dict[str, Process] = {}
        self._notify: Notify | None = None
        self.survivors: dict[str, list[Member]] = {}
        """By app: what did not end even with SIGKILL."""

    def fork(self, effect: Fork, templates: Templates) -> None:
        """Have the worker forked by the template of its generation."""
        process = self._processes[effect.worker.token] = Process(effect.worker, effect.spec)
        with ExitStack() as ours:
            try:
                control = self._connect(process, ours)
                out, err = self._open_outputs(process, ours)
                listeners = self._listeners.descriptors(effect.spec.name, effect.listener)
                env = environment.of_worker(effect.spec, effect.worker)
                if not templates.fork(effect.worker, env, (out, err, control, *listeners), self._forked):
                    self._never_ran(process, "its template is gone")
            except OSError as error:
                self._never_ran(process, why_not_started(error))

    def _forked(self, token: str, pid: int, error: str) -> None:
        process = self._processes.get(token)
        if process is None:
            return
        if error:
            self._never_ran(process, error)
        else:
            self._born(process, pid)

    def launch(self, effect: Launch) -> None:
        """Start the worker as a process of its own."""
        process = self._processes[effect.worker.token] = Process(effect.worker, effect.spec)
        with ExitStack() as ours:
            try:
                listeners = self._listeners.descriptors(effect.spec.name, effect.listener)
                control = self._connect(process, ours) if isinstance(effect.spec.program, PythonApp) else -1
                out, err = self._open_outputs(process, ours)
                recipe = _recipe(process, (out, err), control, listeners)
                if notifies(effect.spec):
                    recipe.env.update(self._notify_env(effect.spec))
                pid = spawn(under(process.spec.privileges, recipe))
            except (SpawnFailed, OSError) as error:
                self._never_ran(process, why_not_started(error))
                return
        self._born(process, pid)
        if process.control:
            message = load_message("serve", effect.spec, effect.interface) | place_of(effect.worker)
            self._say(process, dumps(message).encode(), listeners)
        elif not (isinstance(effect.spec.program, Command) and effect.spec.program.notify):
            self._watch_for_calm(process)

    def _notify_env(self, spec: AppSpec) -> dict[str, str]:
        """What tells a program where sd_notify(3) is heard, and how often it must speak. Raises OSError."""
        from mainstay.daemon.notify import name_of

        self.hear_programs()
        usec = round(spec.limits.watchdog * 1e6)
        watchdog = {"WATCHDOG_USEC": str(usec)} if usec else {}
        return {"NOTIFY_SOCKET": name_of(self._outputs.folder)} | watchdog

    def _connect(self, process: Process, ours: ExitStack) -> int:
        """Make its control socket; the descriptor that it is to get. Raises OSError."""
        process.control, theirs = socketpair_seqpacket()
        ours.enter_context(theirs)
        self._store.put(_kept(process.worker.token), (process.control.fileno(),))
        self._listen_to(process, process.control)
        return theirs.fileno()

    def _listen_to(self, process: Process, control: socket.socket) -> None:
        process.control = control
        control.setblocking(False)
        self._reactor.read(control.fileno(), lambda: self._hear(process))

    def _open_outputs(self, process: Process, ours: ExitStack) -> tuple[int, int]:
        """Make the pipes for its output; the write ends. Raises OSError."""
        slot = process.worker.slot
        out, err = self._outputs.open(process.worker.token, process.spec, str(slot), slot.index)
        ours.callback(os.close, out)
        ours.callback(os.close, err)
        return out, err

    # what another daemon has started

    def adopt(self, life: Alive, spec: AppSpec) -> bool:
        """Take a worker over from a daemon that is gone; False when it is gone as well."""
        found, token = life.worker, life.worker.id.token
        process = Process(found.id, spec)
        process.pid = found.pid
        process.ready = not isinstance(life, Starting)
        process.asked = isinstance(life, Stopping | Killing)
        process.child = self._children.add(found.pid, lambda ending: self._ended(process, ending), found.born)
        self._outputs.adopt(token, spec, str(found.id.slot), found.id.slot.index, found.pid if process.child else 0)
        if process.child is None:
            self._outputs.finish(token)
            self._outputs.forget(token)
            self._store.drop((_kept(token),))
            return False
        self._processes[token] = process
        self._listeners.expect(spec.name, spec.binds)
        self._sweeper.adopt(token, found.pid)
        for fd in self._store.take(_kept(token)):
            self._listen_to(process, socket.socket(fileno=fd))
        if isinstance(life, Starting):
            if process.control:
                self._say(process, b"REPORT=1")
            else:
                self._watch_for_calm(process)
        return True

    def inquire(self, worker: WorkerId, spec: AppSpec, templates: Templates) -> bool:
        """Find out from its template whether it has forked this worker; False when there is nothing to ask about."""
        if not self._store.take(_kept(worker.token)):
            return False
        process = Process(worker, spec)
        self._processes[worker.token] = process

        def told(token: str, pid: int, error: str) -> None:
            if pid:
                self._forked(token, pid, error)
                return
            self._abandon(process)
            self._post(NeverBegun(worker))

        if not templates.find(worker, told):
            del self._processes[worker.token]
            return False
        self._outputs.adopt(worker.token, spec, str(worker.slot), worker.slot.index, 0)
        for fd in self._store.take(_kept(worker.token)):
            self._listen_to(process, socket.socket(fileno=fd))
        return True

    def _abandon(self, process: Process) -> None:
        """What was prepared for a worker is not used."""
        token = process.worker.token
        self._processes.pop(token, None)
        self._close_control(process)
        self._outputs.finish(token)
        self._outputs.forget(token)

    def _watch_for_calm(self, process: Process) -> None:
        patience = probes.patience(process.spec.program)
        probes.settled(self._reactor, process.pid, patience, lambda: self._became_ready(process))

    def _born(self, process: Process, pid: int) -> None:
        process.pid = pid
        self._sweeper.pens.enclose(process.worker.token, pid)
        process.child = self._children.add(pid, lambda ending: self._ended(process, ending))
        self._post(Spawned(process.worker, pid, procfs.start_time(pid) or 0))
        if process.child is None:
            self._finish(process, Unstarted("it was gone before it could be watched"))
        elif process.ready and not process.spec.health:
            self._post(BecameReady(process.worker))

    # what it says and what it is told

    def _hear(self, process: Process) -> bool:
        """Take one message; False when there is none."""
        control = process.control
        if control is None:
            return False
        try:
            data, _ = recv_with_fds(control, MESSAGE_BYTES, 0)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close_control(process)
            return False
        self._take(process, data.decode(errors="replace"))
        return True

    def _take(self, process: Process, text: str) -> None:
        for line in text.splitlines():
            if line == "READY=1":
                self._became_ready(process)
            elif line.startswith("ERROR="):
                process.error = line.removeprefix("ERROR=")
            elif line == "WATCHDOG=1":
                process.heard = time.monotonic()
            elif line.startswith("EXTEND_TIMEOUT_USEC=") and line.partition("=")[2].isdecimal():
                self._post(Extend(process.worker, int(line.partition("=")[2]) / 1e6))
            elif line.startswith("REQUESTS="):
                reason = f"it has answered {line.removeprefix('REQUESTS=')} requests"
                self._post(Unfit(process.worker, Cause.AGE, reason))

    def _notified(self, pid: int, text: str) -> bool:
        """A program said something by sd_notify(3), or something that it started did."""
        process = next((p for p in self._processes.values() if p.pid == pid), None)
        if process is None or not notifies(process.spec):
            return False
        self._take(process, text)
        return True

    def _became_ready(self, process: Process) -> None:
        if not process.ready and process.worker.token in self._processes:
            process.ready = True
            if process.pid and not process.spec.health:  # else it has no pid yet, or its first check says that it is
                self._post(BecameReady(process.worker))

    def _say(self, process: Process, data: bytes, fds: list[int] | tuple[int, ...] = ()) -> bool:
        if process.control is None:
            return False
        try:
            send_with_fds(process.control, data, fds)
        except OSError:
            return False  # it is ending, or does not read: its exit will be seen
        return True

    def accept(self, worker: WorkerId) -> None:
        """Tell a worker of our runtime to start accepting."""
        process = self._processes.get(worker.token)
        if process:
            self._say(process, b"ACCEPT=1")

    def hand_over(self, receivers: tuple[WorkerId, ...], connection: socket.socket) -> bool:
        """Give a connection to one of these workers, each in its turn; False when none would take it."""
        for worker in _in_turn(receivers):
            process = self._processes.get(worker.token)
            if process and self._say(process, b"CONNECTION=1", (connection.fileno(),)):
                return True
        return False

    def terminate(self, worker: WorkerId, name: str, whole: bool) -> None:
        """Ask a worker to end; `whole`: all that it started as well."""
        process = self._processes.get(worker.token)
        if process is None or process.child is None:
            return
        process.asked = True
        if process.sweep:  # only what it left behind is there, and has been asked
            return
        number = signal_number(name) or signal.SIGTERM
        if whole:
            process.seen = self._sweeper.members(process.pid, worker.token)
            self._sweeper.signal([member for member in process.seen if member.pid != process.pid], number)
        process.child.signal(number)

    def kill_tree(self, worker: WorkerId) -> None:
        """SIGKILL to a worker and all that it started."""
        process = self._processes.get(worker.token)
        if process is None or process.child is None:
            return
        if process.sweep:
            process.sweep.kill()
            return
        process.asked = True
        found = self._sweeper.members(process.pid, worker.token)
        process.child.signal(signal.SIGKILL)
        self._sweeper.signal([member for member in found if member.pid != process.pid], signal.SIGKILL)
        process.seen += found

    def signal(self, worker: WorkerId, number: int) -> None:
        """A signal to a worker's main process."""
        process = self._processes.get(worker.token)
        if process and process.child:
            process.child.signal(number)

    # how it goes on

    def is_up(self, worker: WorkerId) -> bool:
        """Whether it says, or was seen, to be able to serve."""
        process = self._processes.get(worker.token)
        return process is not None and process.ready

    def tree(self, worker: WorkerId) -> list[int]:
        """The pids of a worker and all that it has started, without a look at every process of the machine."""
        process = self._processes.get(worker.token)
        found = [process.pid] if process and process.pid else []
        for pid in found:  # grows while we walk it
            found.extend(procfs.children(pid))
        return found + [pid for pid in self._sweeper.pens.pids(worker.token) if pid not in found]

    def hear_programs(self) -> None:
        """Hear what programs say by sd_notify(3), from now on. Raises OSError."""
        from mainstay.daemon.notify import Notify

        self._notify = self._notify or Notify(self._reactor, self._outputs.folder, self._notified)

    def limit(self, worker: WorkerId, watchdog: float, requests: int) -> None:
        """Have a worker of our runtime say that it lives, and when it has answered so many requests."""
        process = self._processes.get(worker.token)
        told = f"WATCHDOG_USEC={round(watchdog * 1e6)}\nMAX_REQUESTS={requests}".encode()
        if process is None or process.limits == told or not (process.limits or watchdog or requests):
            return
        if self._say(process, told):
            process.limits = told
            process.heard = time.monotonic() if watchdog else 0.0

    def heard(self, worker: WorkerId) -> float:
        """When it said last that it lives; 0 when that is not expected of it."""
        process = self._processes.get(worker.token)
        return process.heard if process else 0.0

    def dump(self, worker: WorkerId) -> None:
        """Have it write where it is stuck: our runtime does on a signal of its own, programs maybe on SIGABRT."""
        process = self._processes.get(worker.token)
        if process and process.child:
            if isinstance(process.spec.program, PythonApp):
                process.child.signal(DUMP_SIGNAL)
            else:
                process.error = process.error or "it was silent for longer than its watchdog allows"
                process.child.signal(signal.SIGABRT)

    def connect(self, worker: WorkerId) -> socket.socket | None:
        """A connection to exactly this worker, whoever else listens at its address; None when it takes none."""
        ours, theirs = socket.socketpair()
        with theirs:
            if self.hand_over((worker,), theirs):
                return ours
        ours.close()
        return None

    # its end

    def _never_ran(self, process: Process, reason: str) -> None:
        self._finish(process, Unstarted(reason))

    def _ended(self, process: Process, ending: Ending) -> None:
        """Its main process has ended: end the rest of its tree, before or after that is told.

        A worker of our runtime that crashed is replaced at once; a program may hold a port with what it left behind.
        """
        waits = process.asked or not isinstance(process.spec.program, PythonApp)
        grace = process.spec.stop_timeout if waits else ORPHANS_GRACE
        process.sweep = self._sweeper.sweep(
            process.pid,
            process.worker.token,
            grace,
            lambda left: self._swept(process, ending if waits else None, left),
            process.seen,
        )
        if process.sweep is None or not waits:
            self._finish(process, ending)

    def _swept(self, process: Process, ending: Ending | None, left: tuple[Member, ...]) -> None:
        if left:
            self.survivors.setdefault(process.spec.name, []).extend(left)
        if ending is not None:
            self._finish(process, ending)

    def _finish(self, process: Process, ending: Ending) -> None:
        token = process.worker.token
        if self._processes.pop(token, None) is None:
            return
        for _ in range(LAST_WORDS):
            if not self._hear(process):
                break
        self._close_control(process)
        self._outputs.finish(token)
        well = process.ready and (process.asked or ending == Exited(0)) and process.spec.schedule is None
        lines = () if well else self._outputs.last_lines(token)
        if process.error and process.error not in lines:
            lines = (*lines, process.error)
        self._outputs.forget(token)
        self._post(Ended(process.worker, ending, lines, time.time(), _chance()))

    def _close_control(self, process: Process) -> None:
        if process.control:
            self._store.drop((_kept(process.worker.token),))
            self._reactor.forget(process.control.fileno())
            with suppress(OSError):  # its other end is gone
                process.control.shutdown(socket.SHUT_RDWR)  # duplicates that are kept would hold it open
            process.control.close()
            process.control = None


def _kept(token: str) -> str:
    """The name under which our end of a worker's control socket is kept."""
    return f"control {token}"


def notifies(spec: AppSpec) -> bool:
    """Whether a program is given NOTIFY_SOCKET: it is waited for, or watched."""
    return isinstance(spec.program, Command) and (spec.program.notify or spec.limits.watchdog > 0)


def _in_turn(workers: tuple[WorkerId, ...]) -> tuple[WorkerId, ...]:
    first = int(_chance() * len(workers))
    return workers[first:] + workers[:first]


def _chance() -> float:
    return int.from_bytes(os.urandom(4)) / 2**32  # `random` would cost 200 KB for this


def place_of(worker: WorkerId) -> dict[str, object]:
    """Which worker it is, as the runtime is told."""
    return {"token": worker.token, "slot": worker.slot.index, "generation": worker.generation}


def _recipe(process: Process, outputs: tuple[int, int], control: int, listeners: list[int]) -> Spawn:
    spec, worker = process.spec, process.worker
    env = environment.declared(spec) | environment.of_worker(spec, worker)
    program = spec.program
    if isinstance(program, PythonApp):
        env |= environment.of_runtime(FORK_AHEAD)
        argv = (program.python, environment.boot_script(), "worker", program.target)
        return Spawn(argv, env, spec.cwd, *outputs, pass_fds=((control, FORK_AHEAD),))
    assert isinstance(program, Command)
    if listeners:
        names = ":".join([spec.name] * len(listeners))
        env |= {"LISTEN_FDS": str(len(listeners)), "LISTEN_PID": "self", "LISTEN_FDNAMES": names}
    fds = tuple((fd, FORK_AHEAD + i) for i, fd in enumerate(listeners))
    return Spawn(program.argv, env, spec.cwd, *outputs, pass_fds=fds)
