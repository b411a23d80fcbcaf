"""The daemon: one inbox, one event at a time, and the one `match` in which effects happen. No decision is made here."""

import os
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace

from mainstay import __version__
from mainstay.core import effects
from mainstay.core.events import Event, Kill, ListenFailed, Listening, Tick
from mainstay.core.fleet import Fleet, deadline_of, step
from mainstay.daemon.answers import Answers
from mainstay.daemon.asking import UPGRADE, event_of
from mainstay.daemon.capture import Capture
from mainstay.daemon.care import Care
from mainstay.daemon.children import Children
from mainstay.daemon.chronicle import Chronicle
from mainstay.daemon.control import Client, Control
from mainstay.daemon.guardian import Guardian
from mainstay.daemon.journal import Journal
from mainstay.daemon.listeners import CannotBind, Listeners
from mainstay.daemon.metrics import Metrics
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.privileges import share
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.state import State
from mainstay.daemon.sweep import Sweeper
from mainstay.daemon.templates import Templates

# From the start, though it is seldom needed: when it is, another version lies where we were loaded from.
from mainstay.daemon.upgrade import Successor, successor_of
from mainstay.daemon.workers import Workers
from mainstay.errors import MainstayError
from mainstay.model.happening import Kind
from mainstay.model.never import assert_never
from mainstay.protocol.messages import Done, Failed, Greeting, Notice, Request
from mainstay.sys import machine, tree
from mainstay.sys.fdstore import FdStore
from mainstay.sys.program import SpawnFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.daemon.hooks import Hooks
    from mainstay.daemon.schedule import Schedules
    from mainstay.daemon.steps import Steps

COMMAND = ("-S", "-P", os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py"))
"""What Python is told to run a daemon."""
TRANSFER = "transfer"
SOON = 0.5
"""Seconds after which what has changed by itself is made durable."""
FLUSH = 5.0
LEAVING = 5.0
"""Seconds to wait, at the end, for clients to read their last answers and for templates to be gone."""


class Daemon:
    """Everything that runs in the daemon's process; `run` returns when all has ended."""

    def __init__(self, home: str, store: FdStore, lock: int, guardian_before: int = 0, guardian_lock: int = -1) -> None:
        """`lock` is the descriptor that holds the lock of the home. `store` has what a daemon before us has left.

        `guardian_before` is the pid of the guardian of that daemon, or 0, `guardian_lock` its open lock file, or -1.
        """
        self.home = home
        self.store = store
        self.lock = lock
        self.fleet = Fleet(cores=machine.cores())
        self.inbox: deque[Event] = deque()
        self.journal = Journal(os.path.join(home, "daemon.log"))
        self.reactor = Reactor(self.journal.bug)
        self.state = State(home, self.journal.write)
        store.recover()
        self.chronicle = Chronicle(home, self.journal, self.reactor.later, self._make_hooks)
        self.capture = Capture(self._trouble, inherited=store.take(TRANSFER))
        if self.capture.transfer_fds:
            store.put(TRANSFER, self.capture.transfer_fds)
        self.outputs = Outputs(home, self.capture, store)
        self.children = Children(self.reactor)
        self.listeners = Listeners(self.reactor, store)
        self.sweeper = Sweeper(self.reactor, self.children)
        post = self.inbox.append
        self.templates = Templates(self.sweeper, self.children, self.outputs, store, post)
        self.workers = Workers(self.sweeper, self.children, self.listeners, self.outputs, store, post)
        self.care = Care(self.reactor, self.workers, post)
        self.steps: Steps | None = None
        self.answers = Answers(self.outputs, Metrics())
        self.requests: dict[int, tuple[Client, Request]] = {}
        self.tokens = 0
        self.done = False
        self.successor: Successor | None = None
        self._will_remember = False
        self._listen_to_signals()
        self.guardian = Guardian(
            home, (sys.executable, *COMMAND), self.reactor, self.children, self.journal, guardian_lock
        )
        self.guardian.watch(store)
        self.guardian.relieve(guardian_before)
        self._begin()
        greeting = Greeting(__version__, os.getpid(), home)
        self.control = Control(self.reactor, os.path.join(home, "daemon.sock"), greeting, self.ask)

    def _begin(self) -> None:
        """Know what is declared, and take over what a daemon before us has left running."""
        todo: list[effects.Effect] = []
        self.fleet, may_run, ending = self.state.load(self.fleet.cores)
        if may_run:
            from mainstay.core.resume import take_over
            from mainstay.daemon.adopt import adopt

            found = adopt(self.fleet, self.store, self.templates, self.workers, self._steps)
            text = f"taking over {len(found.workers)} workers of a daemon that is gone"
            self.chronicle.tell(Kind.DAEMON_ADOPTED, text, "", {"pid": os.getpid()})
            self.fleet, todo = take_over(self.fleet, found, time.monotonic())
        self.state.note(self.fleet)
        self._perform_all(todo)
        if any(app.armed for app in self.fleet.apps.values()):
            self._schedules().resume(self.fleet)
        if ending:
            self.inbox.append(Kill(0))
        self.work_off()

    def run(self) -> None:
        """Handle events until everything has ended, or until another program is to take our place."""
        text = f"daemon {__version__} (pid {os.getpid()}) is up, {self.fleet.cores} cores"
        self.chronicle.tell(Kind.DAEMON_STARTED, text, "", {"pid": os.getpid(), "version": __version__})
        while not self.done:
            self.reactor.wait(deadline_of(self.fleet))
            deadline = deadline_of(self.fleet)
            if deadline is not None and time.monotonic() >= deadline:
                self.inbox.append(Tick())
            self.work_off()
            self._look_after()
            if self.successor and self.control.is_flushed:
                self._make_way()
        self.state.close(self.fleet)
        self.guardian.release()
        self._leave()
        self.capture.close()
        self.chronicle.flush()
        self.chronicle.tell(Kind.DAEMON_ENDED, "daemon has ended", "", {"pid": os.getpid()})

    def _look_after(self) -> None:
        """Let those who watch over workers know of what has changed."""
        try:
            self.care.follow(self.fleet)
        except Exception as error:
            self.journal.bug(error)

    def _leave(self) -> None:
        """Let clients read their last answers, and see that nothing that we started stays."""
        end = time.monotonic() + LEAVING
        while time.monotonic() < end and self.chronicle.calls_hooks:
            self.reactor.wait(end)
        self.children.kill()  # templates: the workers have ended
        while time.monotonic() < end and not (
            self.control.is_flushed and not self.children.pids() and not self.sweeper.running
        ):
            self.reactor.wait(end)
        self.sweeper.pens.close()
        self.control.close()

    def work_off(self) -> None:
        """Handle what is in the inbox, in order."""
        while self.inbox:
            todo: list[effects.Effect] = []
            while self.inbox:
                event = self.inbox.popleft()
                try:
                    self.fleet, more = step(self.fleet, event, time.monotonic())
                except Exception as error:  # the fleet is as it was before this event
                    self._fault(event, error)
                    continue
                todo += more
            self.state.note(self.fleet)
            self._perform_all(todo)
        if self.state.is_behind and not self._will_remember:
            self._will_remember = True
            self.reactor.later(SOON, self._remember)

    def _perform_all(self, todo: list[effects.Effect]) -> None:
        for effect in todo:
            try:
                self.perform(effect)
            except Exception as error:
                self.journal.bug(error)

    def _remember(self) -> None:
        self._will_remember = False
        self.state.remember(self.fleet)

    def _make_way(self) -> None:
        """Let another program take our place, with all that we hold; when it cannot, go on."""
        successor, self.successor = self.successor, None
        assert successor is not None
        self.capture.barrier(FLUSH)
        try:
            successor.take_place(
                (*self.store.fds, self.guardian.lock), self.lock, self.guardian.lifeline, self.guardian.pid
            )
        except OSError as error:
            self.journal.write(f"cannot be replaced by {successor.argv[0]}: {error.strerror}")

    def _fault(self, event: Event, error: Exception) -> None:
        """A fault of ours must end neither the daemon nor the wait of whoever asked."""
        self.journal.bug(error)
        if isinstance(event, Tick):
            self.fleet = replace(self.fleet, deadlines={})  # or the same would happen again at once
        token = getattr(event, "token", None)
        if token is not None:
            self._reply(effects.Reply(token, refusal=_refusal(error)))

    def perform(self, effect: effects.Effect) -> None:
        """Do one thing that the core decided."""
        match effect:
            case effects.Listen():
                self._listen(effect)
            case effects.Unlisten(app=app):
                self.listeners.close(app)
            case effects.Steer(app=app, weights=weights):
                self._steer(app, weights)
            case effects.Tend(app=app, listeners=listeners, receivers=receivers):
                self.listeners.tend(app, listeners, lambda sock: self.workers.hand_over(receivers, sock))
            case effects.StartTemplate():
                self.templates.start(effect)
            case effects.StopTemplate(app=app, generation=generation):
                self.templates.stop(app, generation)
            case effects.Fork():
                self.workers.fork(effect, self.templates)
            case effects.Launch():
                self.workers.launch(effect)
            case effects.Accept(worker=worker):
                self.workers.accept(worker)
            case effects.Terminate(worker=worker, signal=name, tree=tree):
                self.workers.terminate(worker, name, tree)
            case effects.KillTree(worker=worker):
                self.workers.kill_tree(worker)
            case effects.SendSignal(worker=worker, signal=number):
                self.workers.signal(worker, number)
            case effects.RunStep():
                self._steps().run(effect)
            case effects.StopStep(app=app):
                self._steps().stop(app)
            case effects.Arm():
                self._schedules().arm(effect)
            case effects.Disarm(app=app):
                self._schedules().disarm(app)
            case effects.Forget(app=app):
                self.listeners.close(app)
                self.workers.survivors.pop(app, None)
                self.chronicle.forget(app)
            case effects.Reply():
                self._reply(effect)
            case effects.Notify(token=token, app=app, text=text):
                self._notify(token, app, text)
            case effects.Record(app=app):
                known = self.fleet.apps.get(app)
                self.chronicle.happened(effect, known.spec if known else None)
            case effects.Shutdown():
                self.done = True
            case effects.Adjust(spec=spec, slots=slots):
                self.outputs.adjust(spec, slots)
            case effects.Share():
                self._share(effect)
            case _:
                assert_never(effect)

    # requests

    def ask(self, client: Client, request: Request) -> None:
        """A client wants something: answer it, or put it into the inbox."""
        args = dict(request.args)
        try:
            answer = self.answers.answer(self.fleet, request.verb, args)
            if answer is not None:
                self.control.send(client, Done(request.id, answer))
                return
            if request.verb == UPGRADE:
                self._upgrade(client, request, args)
                return
            self.tokens += 1
            event = event_of(request.verb, args, self.tokens)
        except MainstayError as error:
            failed = Failed(request.id, error.message, error.hint, error.lines, error.exit_code)
            self.control.send(client, failed)
            return
        except Exception as error:
            self.journal.bug(error)
            refusal = _refusal(error)
            self.control.send(client, Failed(request.id, refusal.message, refusal.hint, (), refusal.exit_code))
            return
        if event is None:
            self.control.send(client, Failed(request.id, f"this daemon knows no verb {request.verb!r}", "", (), 2))
            return
        self.chronicle.asked(request.verb, args, client.uid)
        self.requests[self.tokens] = (client, request)
        self.inbox.append(event)

    def _upgrade(self, client: Client, request: Request, args: dict[str, object]) -> None:
        self.successor = successor_of(args)
        self.journal.write(f"replaced by {' '.join(self.successor.argv)}")
        self.control.send(client, Done(request.id, {"pid": os.getpid(), "version": __version__}))

    def _reply(self, reply: effects.Reply) -> None:
        trouble = self.state.remember(self.fleet)
        client, request = self.requests.pop(reply.token, (None, None))
        if client is None or request is None:
            return
        names = [outcome.app for outcome in reply.outcomes]
        left = tree.survivors(member for name in names for member in self.workers.survivors.pop(name, []))
        outcomes = [
            {"app": o.app, "outcome": o.outcome, "changes": list(o.changes), "message": o.message, "code": o.code}
            for o in reply.outcomes
        ]
        survivors = [{"pid": member.pid, "name": member.name} for member in left]
        result = {"apps": outcomes, "survivors": survivors, "warnings": [trouble] if trouble else []}
        refusal = reply.refusal
        if refusal is None:
            self.control.send(client, Done(request.id, result))
            return
        self.chronicle.refused(request.verb, refusal.message, client.uid)
        failed = Failed(request.id, refusal.message, refusal.hint, refusal.lines, refusal.exit_code, result)
        self.control.send(client, failed)

    def _notify(self, token: int, app: str, text: str) -> None:
        client, request = self.requests.get(token, (None, None))
        if client is not None and request is not None:
            self.control.send(client, Notice(request.id, text, app))

    # what is told

    def _make_hooks(self, chronicle: Chronicle) -> "Hooks":
        from mainstay.daemon.hooks import Hooks

        return Hooks(self.sweeper, self.children, chronicle.tell)

    def _trouble(self, text: str) -> None:
        """Called in other threads: written down in this one."""
        self.chronicle.trouble(text)
        with suppress(OSError):  # it is awake
            self._wakeup[1].send(b"\0")

    # listeners

    def _listen(self, effect: effects.Listen) -> None:
        try:
            addresses = self.listeners.listen(effect.app, effect.binds, effect.slots)
        except CannotBind as error:
            self.inbox.appendleft(ListenFailed(effect.app, error.reason, error.hint))
        else:
            self.inbox.appendleft(Listening(effect.app, addresses))

    def _steer(self, app: str, weights: dict[int, int]) -> None:
        try:
            self.listeners.steer(app, weights)
        except OSError as error:
            self.journal.write(f"{app}: cannot steer new connections: {error}")

    def _share(self, effect: effects.Share) -> None:
        try:
            share(effect.binds, effect.privileges)
        except (OSError, SpawnFailed) as error:
            self.journal.write(f"{effect.app}: cannot share its socket with its group: {error}")

    # commands of apps

    def _steps(self) -> "Steps":
        """What runs the commands around the lives of apps, made for the first one that has any."""
        if self.steps is None:
            from mainstay.daemon.steps import Steps

            self.steps = Steps(self.sweeper, self.children, self.outputs, self.inbox.append)
        return self.steps

    def _schedules(self) -> "Schedules":
        """What knows when something is due, made for the first app that has a schedule."""
        if self.answers.schedules is None:
            from mainstay.daemon.schedule import Schedules

            self.answers.schedules = Schedules(self.reactor, self.inbox.append)
        return self.answers.schedules

    # signals

    def _listen_to_signals(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, self._note)
        self._wakeup = (ours, theirs)
        self._numbers: set[int] = set()
        self.reactor.read(ours.fileno(), self._signalled)

    def _note(self, number: int, _frame: object) -> None:
        """Keep the number: a flood of SIGCHLD may fill the wake-up socket, where it would be lost."""
        self._numbers.add(number)

    def _signalled(self) -> None:
        numbers = set(self._wakeup[0].recv(4096)) | self._numbers
        self._numbers = set()
        self.chronicle.flush()
        if signal.SIGCHLD in numbers:
            self.children.reap_strangers()
        if signal.SIGHUP in numbers:
            self.capture.reopen()
            self.journal.rotate()
        if numbers & {signal.SIGTERM, signal.SIGINT} and self.fleet.killing is None:
            self.chronicle.tell(Kind.REQUEST, "asked to end by a signal")
            self.inbox.append(Kill(0))


def _refusal(error: Exception) -> effects.Refusal:
    """What somebody is told who asked and met a fault of ours."""
    message = f"cannot do that: a bug in mainstay: {error!r}"
    return effects.Refusal(message, "the details are in daemon.log; please report them")
