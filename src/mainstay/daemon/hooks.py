"""Hooks: commands that are run, and webhooks that are called, when something happens to an app.

Each in a process of its own, a few at a time, ended with its tree when it takes too long. How often one is called is
limited; what was held back meanwhile is told by the next call. What a hook does never calls a hook.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.daemon import hook_payload
from mainstay.daemon.children import Child, Children
from mainstay.daemon.events_log import Event
from mainstay.daemon.privileges import under
from mainstay.daemon.sweep import MARK, Sweeper
from mainstay.daemon.templates import why_not_started
from mainstay.model.exits import Ending, Exited
from mainstay.model.happening import Kind
from mainstay.model.masking import without_secrets
from mainstay.model.spec import AppSpec, Hook
from mainstay.sys.feed import filled
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn

AT_ONCE = 8
"""How many run at a time; the others wait."""
MOST_WAITING = 64
"""How many wait; what is beyond that is held back, as by the rate limit."""
TIMEOUT = 30.0
"""Seconds after which a command is ended."""
WEBHOOK_TIMEOUT = 45.0
"""The same for a webhook, whose three tries have their own limits."""
WORDS = 4096
"""Bytes of what it printed last that are kept."""
LINES = 10
WEBHOOK = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "webhook", "post.py")
FOR_WEBHOOKS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables of the daemon's own, in either case, that say how the network is reached from here."""

Tell = Callable[[Kind, str, str, Event], None]
Key = tuple[str, str, int]
"""An app, an event, and which of the app's hooks for it."""


@dataclass(slots=True)
class Limit:
    """When a hook was called last (monotonic), and how many events were held back since."""

    last: float
    held_back: int = 0


class Run:
    """One call of a hook, from its start to its end."""

    def __init__(self, hook: Hook, spec: AppSpec, event: Event, number: int) -> None:
        self.hook = hook
        self.spec = spec
        self.event = event
        self.token = f"hook:{spec.name}.{hook.event}.{number}"
        self.began = time.monotonic()
        self.child: Child | None = None
        self.pid = 0
        self.reader = -1
        self.words = b""
        self.too_long = False

    def __repr__(self) -> str:
        return f"<Run {self.token} pid {self.pid}>"

    @property
    def timeout(self) -> float:
        """Seconds that it may take."""
        return WEBHOOK_TIMEOUT if self.hook.url else TIMEOUT

    @property
    def lines(self) -> list[str]:
        """What it printed last, with no secret of an address in it."""
        text = self.words.decode(errors="backslashreplace")
        return [without_secrets(line) for line in text.splitlines()[-LINES:]]


class Hooks:
    """All hooks that run, and what limits them. `tell` records how they ended."""

    def __init__(self, sweeper: Sweeper, children: Children, tell: Tell) -> None:
        self._reactor = sweeper.reactor
        self._sweeper = sweeper
        self._children = children
        self._tell = tell
        self._limits: dict[Key, Limit] = {}
        self._waiting: deque[Run] = deque()
        self._running: set[Run] = set()
        self._number = 0

    @property
    def is_busy(self) -> bool:
        """Whether one runs or waits."""
        return bool(self._running or self._waiting)

    def fire(self, spec: AppSpec, event: Event) -> None:
        """Call the hooks that an app has for an event, those that may be called again already."""
        for index, hook in enumerate(spec.hooks):
            if hook.event == event["event"]:
                self._fire((spec.name, hook.event, index), hook, spec, event)

    def forget(self, app: str) -> None:
        """An app is gone: what limits its hooks is needed no more."""
        self._limits = {key: limit for key, limit in self._limits.items() if key[0] != app}

    def _fire(self, key: Key, hook: Hook, spec: AppSpec, event: Event) -> None:
        now = time.monotonic()
        limit = self._limits.get(key)
        too_soon = limit is not None and now - limit.last < hook.interval
        if limit is not None and (too_soon or len(self._waiting) >= MOST_WAITING):
            limit.held_back += 1
            return
        self._limits[key] = Limit(now)
        self._number += 1
        payload = hook_payload.payload(event, limit.held_back if limit else 0)
        self._waiting.append(Run(hook, spec, payload, self._number))
        self._start_next()

    def _start_next(self) -> None:
        while self._waiting and len(self._running) < AT_ONCE:
            run = self._waiting.popleft()
            try:
                self._start(run)
            except (SpawnFailed, OSError) as error:
                self._failed(run, why_not_started(error))

    def _start(self, run: Run) -> None:
        """Raises SpawnFailed, OSError."""
        stdin = filled(hook_payload.for_stdin(run.hook, run.event))
        try:
            reader, writer = os.pipe()
            try:
                run.pid = spawn(_recipe(run, stdin, writer))
            except BaseException:
                os.close(reader)
                raise
            finally:
                os.close(writer)
        finally:
            os.close(stdin)
        os.set_blocking(reader, False)
        run.reader = reader
        self._reactor.read(reader, lambda: self._hear(run))
        self._running.add(run)
        run.child = self._children.add(run.pid, lambda ending: self._ended(run, ending))
        if run.child is None:
            self._ended(run, Exited(0))
        self._reactor.later(run.timeout, lambda: self._give_up(run))

    def _hear(self, run: Run) -> None:
        """Keep the end of what it prints."""
        while run.reader >= 0:
            try:
                data = os.read(run.reader, 65536)
            except BlockingIOError:
                return
            if not data:
                self._hang_up(run)
                return
            run.words = (run.words + data)[-WORDS:]

    def _hang_up(self, run: Run) -> None:
        if run.reader >= 0:
            self._reactor.forget(run.reader)
            os.close(run.reader)
            run.reader = -1

    def _give_up(self, run: Run) -> None:
        """Its time is over: SIGKILL to it and all that it started."""
        if run not in self._running or run.child is None:
            return
        run.too_long = True
        found = self._sweeper.members(run.pid, run.token)
        run.child.signal(signal.SIGKILL)
        self._sweeper.signal([member for member in found if member.pid != run.pid], signal.SIGKILL)

    def _ended(self, run: Run, ending: Ending) -> None:
        self._running.discard(run)
        self._hear(run)
        self._hang_up(run)
        if run.too_long:  # what it forked meanwhile goes, too; what one that ended well left behind may be a mailer
            self._sweeper.sweep(run.pid, run.token, 0.0, lambda _: None)
            self._failed(run, f"it took longer than {run.timeout:g} s and was ended")
        elif ending == Exited(0):
            seconds = time.monotonic() - run.began
            text = f"hook on {run.hook.event} called: {_what(run.hook)}, in {seconds:.1f} s"
            self._tell(Kind.HOOK, text, run.spec.name, _facts(run) | {"seconds": round(seconds, 3)})
        else:
            self._failed(run, str(ending))
        self._start_next()

    def _failed(self, run: Run, reason: str) -> None:
        lines = run.lines
        said = f": {lines[-1]}" if lines else ""
        text = f"hook on {run.hook.event} failed: {_what(run.hook)}: {reason}{said}"
        facts: Event = {"reason": reason, "lines": [*lines]}
        self._tell(Kind.HOOK_FAILED, text, run.spec.name, _facts(run) | facts)


def _what(hook: Hook) -> str:
    """What is called, for people: a program's name, a webhook's host."""
    return without_secrets(hook.url) if hook.url else os.path.basename(hook.argv[0]) if hook.argv else "nothing"


def _facts(run: Run) -> Event:
    return {"on": run.hook.event, "of": run.event["seq"], "slot": run.event["slot"]}


def _recipe(run: Run, stdin: int, out: int) -> Spawn:
    """A command runs as the app does; a webhook, which is a program of ours, as we do. Raises SpawnFailed."""
    spec = run.spec
    if run.hook.url:
        env = {name: value for name, value in os.environ.items() if name.upper() in FOR_WEBHOOKS}
        argv = (sys.executable, "-I", "-S", WEBHOOK)
        return Spawn(argv, env | {MARK: run.token}, "/", out, out, stdin=stdin)
    env = hook_payload.environment_of_command(spec, run.event) | {MARK: run.token}
    return under(spec.privileges, Spawn(run.hook.argv, env, spec.cwd, out, out, stdin=stdin))
