"""Reads what the apps write, in a thread of its own, and takes it to their log files.

Promises: no app is blocked or broken by its log; memory is bounded; nothing is lost or repeated in ordinary life; what
has to be dropped is counted and reported. Idle it costs nothing; under a flood it comes for many lines at a time.
"""

import os
import select
import time
from collections import deque
from collections.abc import Callable

from mainstay.daemon.capture.backlog import Budget, Dropped
from mainstay.daemon.capture.carry import Carrier, loss
from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.intake import Intake
from mainstay.daemon.capture.sink import Sink
from mainstay.daemon.capture.source import SinkSpec, Source
from mainstay.daemon.capture.stall import Stall
from mainstay.daemon.capture.tail import Tails
from mainstay.daemon.capture.transfer import Transfer
from mainstay.model.spec import LogPolicy
from mainstay.sys.pipes import pending
from mainstay.sys.threads import Event, Thread

GATHER = 0.005
"""Seconds that output is left to gather in a pipe, at most; less when that would fill the pipe."""
RELIEF_WAIT = 0.05
REMEMBERED = 200
"""Sources that have ended whose last lines are kept though nobody forgot them."""


class Capture:
    """`on_trouble` is called, from threads of ours, with one line when output cannot be written and when it can again.

    `inherited` are the `transfer_fds` of a daemon that was killed: what they hold is written first.
    """

    def __init__(
        self, on_trouble: Callable[[str], None], *, inherited: tuple[int, ...] = (), disk: Disk | None = None
    ) -> None:
        self._report = on_trouble
        self._disk = disk or Disk()
        self._sources: dict[str, Source] = {}
        self._by_fd: dict[int, Source] = {}
        self._sinks: dict[str, Sink] = {}
        self._parked: dict[Source, float] = {}
        self._shared = (Budget(), Tails())
        self._stall = Stall()
        self._dropped_before = Dropped()
        self._carrier = Carrier(Transfer(inherited), self._stall, on_trouble)
        self._commands: deque[Callable[[], None]] = deque()
        self._closing = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll = select.epoll()
        self._epoll.register(self._wake, select.EPOLLIN)
        if inherited:
            self._post(self._rescue)
        self._threads = (
            Thread(self._run),
            Thread(lambda: self._stall.relieve(self._relief_round, on_trouble)),
        )

    @property
    def transfer_fds(self) -> tuple[int, ...]:
        """Descriptors for a guardian to hold: with them a kill of this process loses nothing that was on its way."""
        return self._carrier.transfer.fds

    def open(self, source_key: str, read_fd: int, sink: SinkSpec, intake: int = -1) -> None:
        """Capture what comes out of the pipe `read_fd`, which belongs to us from here on and becomes non-blocking.

        Several sources may go into one file; the policy given last is the one that holds for it. `intake` is made by
        `intake.make` and belongs to us too: whoever else holds it, and gives it to the next daemon, makes that a kill
        of this process loses or repeats nothing of what is laid out in another way than it was written.
        """
        os.set_blocking(read_fd, False)
        target = self._sinks.get(sink.path)
        if target is None:
            target = self._sinks[sink.path] = Sink(sink.path, sink.policy, self._disk)
        target.policy = sink.policy
        source = Source(source_key, read_fd, sink, target, self._shared)
        self._sources[source_key] = source
        self._by_fd[read_fd] = source
        if intake >= 0:
            source.intake = Intake(intake)
            self._post(lambda: self._carrier.resume(source))
        self._epoll.register(read_fd, select.EPOLLIN)

    def finish(self, source_key: str) -> None:
        """The process is dead: drain what is left in its pipe, then close it. Returns at once."""
        source = self._sources.get(source_key)
        if source is not None:
            self._post(lambda: self._finish(source))

    def tail(self, source_key: str, lines: int = 10, limit: int = 8192, wait: float = 0.25) -> tuple[str, ...]:
        """The last lines this source wrote, printable, also after `finish`; waits `wait` seconds at most."""
        source = self._sources.get(source_key)
        if source is None:
            return ()
        self.barrier(wait)
        return source.tail.lines(lines, limit)

    def forget(self, source_key: str) -> None:
        """Nobody will ask about this source, which has been finished, any more."""
        source = self._sources.get(source_key)
        if source is not None:
            self._post(lambda: self._forget(source))

    def dropped(self, source_key_or_path: str) -> Dropped:
        """What had to be thrown away of one source, or of all that goes into one file."""
        found = self._sources.get(source_key_or_path) or self._sinks.get(source_key_or_path)
        return found.dropped if found is not None else Dropped()

    def set_policy(self, path: str, policy: LogPolicy) -> None:
        """Change format, rotation or compression of a file from its next line on."""
        sink = self._sinks.get(path)
        if sink is not None:
            sink.policy = policy

    def reopen(self) -> None:
        """Open all files anew: somebody else has moved them away. Returns at once; after a `barrier` it is done."""

        def close_all() -> None:
            for sink in list(self._sinks.values()):
                sink.close()

        self._post(close_all)

    def barrier(self, timeout: float) -> bool:
        """Wait until all that the apps had written when this was called is in the files; False after `timeout` seconds.

        What cannot be written counts as done when it is in memory.
        """
        done = Event()

        def drain() -> None:
            for source in list(self._by_fd.values()):
                if not self._carrier.waits_until(source):
                    self._drain(source)
            done.set()

        self._post(drain)
        return done.wait(timeout)

    def flush(self) -> None:
        """As `barrier`, without waiting."""
        self.barrier(0)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is there and end; gives up after `timeout` seconds when the disk does not answer."""
        self._post(self._close)
        self._threads[0].join(timeout)
        self._stall.close()
        self._threads[1].join(timeout)

    def _post(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while not self._closing:
            ready = self._poll()
            while self._commands and not self._stall.taken:
                self._commands.popleft()()
            if self._stall.taken:
                self._catch_up()
                continue
            pauses = [pause for source in ready if (pause := self._step(source)) is not None]
            self._retry()
            shortest = min(pauses, default=0.0)
            if shortest > 0 and not self._commands:
                time.sleep(shortest)

    def _poll(self) -> list[Source]:
        """The sources that have something to say, after taking care of everything else that may wake us."""
        now = time.monotonic()
        due = [refusal.retry_at for refusal in self._carrier.refusals.values()] + list(self._parked.values())
        timeout = None if not due else max(0.0, min(due) - now)
        if self._stall.taken:
            timeout = 0.0
        ready = []
        for fd, _ in [] if self._commands else self._epoll.poll(timeout):
            if fd == self._wake:
                os.eventfd_read(fd)
            elif fd == self._carrier.compressor.watched:
                self._epoll.unregister(fd)
                self._carrier.compressor.finish()
                self._compress()
            elif fd in self._by_fd:
                ready.append(self._by_fd[fd])
        return ready + self._unpark()

    def _step(self, source: Source) -> float | None:
        """One move; returns how many seconds to let output gather, None when it is of no account."""
        if self._stall.taken or source.fd < 0:
            return None
        if source.finishing:
            self._finish(source)
            return None
        until = self._carrier.waits_until(source)
        if until:
            self._park(source, until)
            return None
        moved = self._carrier.move(source)
        if moved is None:
            self._unwatch(source)
        self._compress()
        return self._pause(source, moved) if moved else None

    def _pause(self, source: Source, moved: int) -> float:
        now = time.monotonic()
        passed, source.moved = now - source.moved, now
        if moved * 2 >= source.capacity:
            source.widen()
            return 0.0
        return min(GATHER, passed * source.capacity / moved / 2)

    def _park(self, source: Source, until: float) -> None:
        """Do not listen to this source until then (monotonic), or until the other's line has ended."""
        self._unwatch(source)
        self._parked[source] = until

    def _unpark(self) -> list[Source]:
        """The sources whose turn has come after another's line in their common file."""
        free = [source for source in self._parked if not self._carrier.waits_until(source)]
        for source in free:
            del self._parked[source]
            if source.fd >= 0 and not source.finishing:
                self._epoll.register(source.fd, select.EPOLLIN)
        return free

    def _retry(self) -> None:
        now = time.monotonic()
        for refusal in [r for r in self._carrier.refusals.values() if r.retry_at <= now]:
            sources = [source for source in list(self._sources.values()) if source.sink is refusal.sink]
            self._carrier.retry(refusal, sources)
            self._close_idle(refusal.sink)

    def _catch_up(self) -> None:
        """After a stall: write what relief has kept; when that is all, read again."""
        sources = list(self._sources.values())
        for source in sources:
            if not self._carrier.waits_until(source):
                self._carrier.catch_up(source)
        if any(source.backlog.waiting() for source in sources if source.sink.path not in self._carrier.refusals):
            time.sleep(GATHER)
            return
        self._stall.take_back()
        for source in list(self._sources.values()):  # relief may have read something until the very end
            until = self._carrier.waits_until(source)
            if until and source.behind() and not source.ended:
                self._park(source, until)
            else:
                self._carrier.catch_up(source)
        total = sum((sink.dropped for sink in list(self._sinks.values())), Dropped())
        self._report(f"disk answers again: {loss(total - self._dropped_before)}")
        self._dropped_before = total

    def _settle(self) -> None:
        """Before reading outside of the loop: make sure that relief does not read."""
        while self._stall.taken:
            self._catch_up()

    def _relief_round(self) -> None:
        """Called in the relief thread: read what there is into memory, so that no app waits."""
        for fd, _ in self._epoll.poll(RELIEF_WAIT):
            source = self._by_fd.get(fd)
            if source is not None:
                self._hoard(source)
        for source in list(self._parked):
            self._hoard(source)
        time.sleep(GATHER)

    def _hoard(self, source: Source) -> None:
        taken = source.hoard(time.time_ns())
        while taken and taken * 2 >= source.capacity and self._stall.taken:
            source.widen()
            taken = source.hoard(time.time_ns())

    def _drain(self, source: Source) -> None:
        self._settle()
        if source.behind():
            self._carrier.catch_up(source)
        left = pending(source.fd)
        while left > 0 and (moved := self._carrier.move(source)):
            left -= moved
            self._settle()
        self._compress()

    def _finish(self, source: Source, patient: bool = True) -> None:
        if source.ended:
            return
        until = self._carrier.waits_until(source)
        if until and patient:
            source.finishing = True
            self._park(source, until)
            return
        self._drain(source)
        source.ended = True
        self._unwatch(source)
        self._parked.pop(source, None)
        self._by_fd.pop(source.fd, None)
        source.close()
        self._carrier.finish(source)
        source.let_go()
        self._close_idle(source.sink)
        ended = [other for other in list(self._sources.values()) if other.ended and not other.behind()]
        for other in ended[:-REMEMBERED]:
            self._forget(other)

    def _forget(self, source: Source) -> None:
        self._finish(source, patient=False)
        if self._sources.get(source.key) is source:
            del self._sources[source.key]
        lost = source.abandon()
        source.sink.dropped += lost
        source.sink.let_go(source.tail)

    def _close_idle(self, sink: Sink) -> None:
        users = [s for s in list(self._sources.values()) if s.sink is sink and (not s.ended or s.behind())]
        if not users:
            sink.close()

    def _unwatch(self, source: Source) -> None:
        try:
            self._epoll.unregister(source.fd)
        except (FileNotFoundError, ValueError):  # parked, at its end, or closed
            return

    def _compress(self) -> None:
        compressor = self._carrier.compressor
        if compressor.watched < 0 and compressor.start():
            self._epoll.register(compressor.watched, select.EPOLLIN)

    def _rescue(self) -> None:
        transfer = self._carrier.transfer
        if not transfer.pending() and not (transfer.intake and transfer.intake.left().data):
            return
        sink = self._sinks.get(transfer.path) or Sink(transfer.path, LogPolicy(), self._disk)
        try:
            self._carrier.rescue(sink)
        except OSError as error:
            lost = transfer.empty()  # or it would get into another file
            self._report(f"cannot write {transfer.path}: {error.strerror}: {lost} bytes of a killed daemon are lost")

    def _close(self) -> None:
        for source in list(self._sources.values()):
            self._finish(source, patient=False)
        for sink in self._sinks.values():
            sink.close()
        self._carrier.compressor.close()
        self._carrier.transfer.close()
        self._closing = True
