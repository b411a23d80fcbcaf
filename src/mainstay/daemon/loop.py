"""The daemon: one inbox, one event at a time, and the one `match` in which effects happen. No decision is made here."""

import os
import signal
import socket
import time
from collections import deque
from dataclasses import replace

from mainstay import __version__
from mainstay.core import effects
from mainstay.core.events import Event, Kill, ListenFailed, Listening, Tick
from mainstay.core.fleet import Fleet, deadline_of, step
from mainstay.daemon.answers import Answers
from mainstay.daemon.asking import event_of
from mainstay.daemon.capture import Capture
from mainstay.daemon.care import Care
from mainstay.daemon.children import Children
from mainstay.daemon.control import Client, Control
from mainstay.daemon.journal import Journal
from mainstay.daemon.listeners import CannotBind, Listeners
from mainstay.daemon.metrics import Metrics
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import Sweeper
from mainstay.daemon.templates import Templates
from mainstay.daemon.workers import Workers
from mainstay.errors import MainstayError
from mainstay.model.never import assert_never
from mainstay.protocol.messages import Done, Failed, Greeting, Notice, Request
from mainstay.sys import machine, tree

LEAVING = 5.0
"""Seconds to wait, at the end, for clients to read their last answers and for templates to be gone."""


class Daemon:
    """Everything that runs in the daemon's process; `run` returns when all has ended."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.fleet = Fleet(cores=machine.cores())
        self.inbox: deque[Event] = deque()
        self.journal = Journal(os.path.join(home, "daemon.log"))
        self.reactor = Reactor(self.journal.bug)
        self.capture = Capture(self.journal.write)
        self.outputs = Outputs(home, self.capture)
        self.children = Children(self.reactor)
        self.listeners = Listeners(self.reactor)
        self.sweeper = Sweeper(self.reactor, self.children)
        post = self.inbox.append
        self.templates = Templates(self.sweeper, self.children, self.outputs, post)
        self.workers = Workers(self.sweeper, self.children, self.listeners, self.outputs, post)
        self.care = Care(self.reactor, self.workers, post)
        self.answers = Answers(self.outputs, Metrics())
        self.requests: dict[int, tuple[Client, Request]] = {}
        self.tokens = 0
        self.done = False
        greeting = Greeting(__version__, os.getpid(), home)
        self.control = Control(self.reactor, os.path.join(home, "daemon.sock"), greeting, self.ask)
        self._listen_to_signals()

    def run(self) -> None:
        """Handle events until everything has ended."""
        self.journal.write(f"daemon {__version__} (pid {os.getpid()}) is up, {self.fleet.cores} cores")
        while not self.done:
            self.reactor.wait(deadline_of(self.fleet))
            deadline = deadline_of(self.fleet)
            if deadline is not None and time.monotonic() >= deadline:
                self.inbox.append(Tick())
            self.work_off()
            self._look_after()
        self._leave()
        self.capture.close()
        self.journal.write("daemon has ended")

    def _look_after(self) -> None:
        """Let those who watch over workers know of what has changed."""
        try:
            self.care.follow(self.fleet)
        except Exception as error:
            self.journal.bug(error)

    def _leave(self) -> None:
        """Let clients read their last answers, and see that nothing that we started stays."""
        end = time.monotonic() + LEAVING
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
            event = self.inbox.popleft()
            try:
                self.fleet, todo = step(self.fleet, event, time.monotonic())
            except Exception as error:  # the fleet is as it was before this event
                self._fault(event, error)
                continue
            for effect in todo:
                try:
                    self.perform(effect)
                except Exception as error:
                    self.journal.bug(error)

    def _fault(self, event: Event, error: Exception) -> None:
        """A fault of ours must end neither the daemon nor the wait of whoever asked."""
        self.journal.bug(error)
        if isinstance(event, Tick):
            self.fleet = replace(self.fleet, deadlines={})  # or the same would happen again at once
        token = getattr(event, "token", None)
        if token is not None:
            message = f"cannot do that: a bug in mainstay: {error!r}"
            hint = "the details are in daemon.log; please report them"
            self._reply(effects.Reply(token, refusal=effects.Refusal(message, hint)))

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
            case effects.Forget(app=app):
                self.listeners.close(app)
                self.workers.survivors.pop(app, None)
            case effects.Reply():
                self._reply(effect)
            case effects.Notify(token=token, app=app, text=text):
                self._notify(token, app, text)
            case effects.Record(app=app, text=text):
                self.journal.write(f"{app}: {text}")
            case effects.Shutdown():
                self.done = True
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
            self.tokens += 1
            event = event_of(request.verb, args, self.tokens)
        except MainstayError as error:
            failed = Failed(request.id, error.message, error.hint, error.lines, error.exit_code)
            self.control.send(client, failed)
            return
        if event is None:
            self.control.send(client, Failed(request.id, f"this daemon knows no verb {request.verb!r}", "", (), 2))
            return
        self.journal.write(f"asked: {request.verb}")
        self.requests[self.tokens] = (client, request)
        self.inbox.append(event)

    def _reply(self, reply: effects.Reply) -> None:
        client, request = self.requests.pop(reply.token, (None, None))
        if client is None or request is None:
            return
        names = [outcome.app for outcome in reply.outcomes]
        left = tree.survivors(member for name in names for member in self.workers.survivors.pop(name, []))
        outcomes = [
            {"app": o.app, "outcome": o.outcome, "changes": list(o.changes), "message": o.message}
            for o in reply.outcomes
        ]
        survivors = [{"pid": member.pid, "name": member.name} for member in left]
        result = {"apps": outcomes, "survivors": survivors}
        refusal = reply.refusal
        if refusal is None:
            self.control.send(client, Done(request.id, result))
            return
        self.journal.write(f"refused: {refusal.message}")
        failed = Failed(request.id, refusal.message, refusal.hint, refusal.lines, refusal.exit_code, result)
        self.control.send(client, failed)

    def _notify(self, token: int, app: str, text: str) -> None:
        client, request = self.requests.get(token, (None, None))
        if client is not None and request is not None:
            self.control.send(client, Notice(request.id, text, app))

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
        if signal.SIGCHLD in numbers:
            self.children.reap_strangers()
        if signal.SIGHUP in numbers:
            self.capture.reopen()
            self.journal.rotate()
        if numbers & {signal.SIGTERM, signal.SIGINT} and self.fleet.killing is None:
            self.journal.write("asked to end by a signal")
            self.inbox.append(Kill(0))
