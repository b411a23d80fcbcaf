"""Printing what apps write while something else goes on: a thread that follows their logs, in one of three forms."""

from __future__ import annotations

import threading
from contextlib import suppress

from mainstay.cli.loglines import Prefixed, json_line, shown_text
from mainstay.client.connection import open_connection
from mainstay.client.log_follow import LOOK, Following
from mainstay.client.streams import streams_of
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.client.logs import Line, Stream

    Show = Callable[[list[Line]], None]

FORMS = ("prefix", "json", "raw")


class Streams:
    """The logs of a daemon's apps. Those that were known stay: an app may be gone before its last line was read."""

    def __init__(self, socket: str, known: Iterable[Stream] = ()) -> None:
        self._socket = socket
        self._known = {stream.path: stream for stream in known}

    def __call__(self) -> list[Stream]:
        """All so far; asked anew, unless nobody can tell now."""
        with suppress(MainstayError, OSError):
            client = open_connection(self._socket)
            if client is not None:
                with client:
                    self._known = {stream.path: stream for stream in streams_of(client, ())} | self._known
        return self.known

    @property
    def known(self) -> list[Stream]:
        """Those that were there so far."""
        return list(self._known.values())


class LogPrinter:
    """Follows streams from now on, until it is told that nothing more will come."""

    def __init__(self, streams: Callable[[], Sequence[Stream]], show: Show) -> None:
        self._following = Following(streams)
        self._show = show
        self._over = threading.Event()
        self._following.look()  # so that what is written after this has returned is not missed
        self._thread = threading.Thread(target=self._run, daemon=True, name="logs")
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """All that writes has ended: print what there is still, for at most so long."""
        self._over.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        told = False
        while True:
            over = self._over.is_set()  # before the look: what was written before this is seen by it
            if over and not told:
                self._following.ask_again()
                told = True
            lines = self._following.look()
            if lines:
                self._show(lines)
            elif over:
                break
            else:
                self._over.wait(LOOK)
        rest = self._following.rest()
        if rest:
            self._show(rest)


def shower(form: str, out: Terminal, err: Terminal, known: Callable[[], Sequence[Stream]]) -> Show:
    """What prints lines in a form of FORMS: stdout's to `out`, stderr's to `err`; JSON, which says which, to `out`."""
    if form == "json":
        return lambda lines: out.print_all(map(json_line, lines))
    if form == "raw":
        return lambda lines: _split(
            lines, (out, err), (lambda line: shown_text(line, out), lambda line: shown_text(line, err))
        )
    prefixed = (Prefixed(out, "|"), Prefixed(err, "|"))

    def show(lines: list[Line]) -> None:
        for one in prefixed:
            one.learn(known())
        _split(lines, (out, err), prefixed)

    return show


def _split(lines: list[Line], terminals: tuple[Terminal, Terminal], texts: tuple[Callable[[Line], str], ...]) -> None:
    """In as few writes as keep the order between the two."""
    run: list[str] = []
    kind = 0
    for line in lines:
        if (now := int(line.stream.stream == "err")) != kind:
            terminals[kind].print_all(run)
            run, kind = [], now
        run.append(texts[kind](line))
    terminals[kind].print_all(run)
