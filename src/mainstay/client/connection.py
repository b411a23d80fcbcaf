"""A connection to the daemon, for commands: ask, watch the notices go by, get the reply. Blocking, one at a time.

Messages are read as the plain dicts they are: the types in `protocol.messages` cost 12 ms of imports. `_socket` is what
`socket` wraps; `socket` itself brings enum and selectors, 5 ms of the 8 that `mainstay list` may take.
"""

from __future__ import annotations

import os
import time

from mainstay import __version__
from mainstay.errors import MainstayError, RemoteError
from mainstay.protocol.framing import PROTOCOL, ProtocolError, Reader, encode

try:
    import _socket as socket
except ImportError:
    import socket  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_CHUNK = 256 * 1024
_TICK = 0.1  # seconds between two calls of `on_wait`
GREETING_TIMEOUT = 5.0
"""Seconds in which a daemon that is well has accepted a connection."""


class Unanswered(MainstayError):
    """There is a daemon, but it does not react."""


class Cut(MainstayError):
    """The connection ended before the reply."""


def open_connection(path: str, timeout: float = GREETING_TIMEOUT) -> Client | None:
    """Connect to the daemon at a socket path; None when nobody answers there, a stale socket included.

    Raises Unanswered after `timeout` seconds, MainstayError when the socket may not be used or the daemon is of
    another protocol.
    """
    deadline = time.monotonic() + timeout
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.set_inheritable(sock.fileno(), False)  # `_socket` leaves that to `socket`
    try:
        if not _connected(sock, path, deadline):
            sock.close()
            return None
        client = Client(sock)
        client.greet(deadline)
    except Cut:  # it waited in the queue of a daemon that has just ended
        sock.close()
        return None
    except BaseException:
        sock.close()
        raise
    return client


def _connected(sock: socket.socket, path: str, deadline: float) -> bool:
    sock.settimeout(0)  # a blocking connect would wait for ever while the backlog of a stuck daemon is full
    while True:
        try:
            sock.connect(path)
            return True
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unanswered(f"cannot reach the daemon: it takes no connections on {path}") from None
            time.sleep(0.01)
        except OSError as error:
            cause = error.strerror or str(error)
            raise MainstayError(f"cannot connect to {path}: {cause}", hint=_owner_hint(path)) from None


def _owner_hint(path: str) -> str:
    """What to do about a socket that is not ours."""
    from mainstay.client.home import user_name

    try:
        owner = os.stat(path).st_uid
    except OSError:
        return ""
    if owner == os.geteuid():
        return ""
    return f"it belongs to user {user_name(owner)}: run this as that user, or set MAINSTAY_HOME to another folder"


class Client:
    """One connection. Use it as a context manager, or `close` it.

    `version`, `pid` and `home` are the daemon's; `started` says whether this command started it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = Reader()
        self._inbox: list[dict[str, object]] = []
        self._last_id = 0
        self.version = ""
        self.pid = 0
        self.home = ""
        self.started = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def greet(self, deadline: float) -> None:
        """Wait for the daemon's greeting until `deadline` (monotonic) and see whether we understand each other."""

        def wait() -> None:
            if time.monotonic() > deadline:
                raise Unanswered("cannot reach the daemon: it accepted the connection and says nothing")

        greeting = self._next(wait)
        self.version, self.home = str(greeting.get("mainstay", "?")), str(greeting.get("home", ""))
        pid, protocol = greeting.get("pid"), greeting.get("protocol")
        self.pid = pid if isinstance(pid, int) else 0
        if protocol != PROTOCOL:
            raise MainstayError(
                f"cannot talk to the daemon (pid {self.pid}): it is mainstay {self.version} with protocol {protocol}, "
                f"this is mainstay {__version__} with protocol {PROTOCOL}",
                hint=f"use the command of mainstay {self.version}, or stop that daemon: kill {self.pid}",
            )

    def ask(
        self,
        verb: str,
        args: Mapping[str, object] | None = None,
        on_notice: Callable[[str, str], None] | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> Any:  # Any: the verb decides the shape; the caller names it, see protocol.shapes
        """Ask and wait for the reply, for as long as it takes.

        `on_notice(text, app)` is called for each notice, `on_wait()` about ten times a second meanwhile.
        Raises RemoteError with what the daemon says, `.result` being what was done all the same; Cut when the
        daemon goes away; ProtocolError when it talks nonsense.
        """
        self._last_id += 1
        try:
            self._sock.settimeout(None)
            self._sock.sendall(encode({"v": PROTOCOL, "id": self._last_id, "verb": verb, "args": args or {}}))
        except OSError as error:
            raise _cut(error) from None
        while True:
            message = self._next(on_wait)
            if message.get("id") != self._last_id:
                continue  # an answer to a request that was given up
            notice = message.get("notice")
            if isinstance(notice, dict):
                if on_notice is not None:
                    on_notice(str(notice.get("text", "")), str(notice.get("app", "")))
            elif "ok" in message:
                return message["ok"]
            elif isinstance(error_ := message.get("error"), dict):
                raise remote_error(error_)
            else:
                raise ProtocolError("cannot read an answer: it has none of notice, ok and error")

    def replace(self, other: Client) -> None:
        """Go on with another connection: this one was cut."""
        self._sock.close()
        self._sock, self._reader, self._inbox = other._sock, other._reader, other._inbox
        self.version, self.pid, self.home = other.version, other.pid, other.home

    def hung_up(self, timeout: float) -> bool:
        """Wait until the daemon has closed the connection; False when it has not after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        try:
            while (left := deadline - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if not self._sock.recv(_CHUNK):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def _next(self, on_wait: Callable[[], None] | None) -> dict[str, object]:
        self._sock.settimeout(_TICK if on_wait is not None else None)
        while not self._inbox:
            try:
                data = self._sock.recv(_CHUNK)
            except TimeoutError:
                if on_wait is not None:
                    on_wait()
                continue
            except OSError as error:
                raise _cut(error) from None
            if not data:
                raise _cut(None)
            self._inbox = self._reader.feed(data)
        return self._inbox.pop(0)


class Refused(RemoteError):
    """The daemon's error, with what was done all the same as `result` (None when nothing)."""

    result: object = None


def remote_error(body: Mapping[str, object]) -> Refused:
    """The exception for the `error` of a reply."""
    lines, code = body.get("lines"), body.get("exit_code")
    error = Refused(
        str(body.get("message", "the daemon refused and did not say why")),
        hint=str(body.get("hint") or ""),
        lines=tuple(str(line) for line in lines) if isinstance(lines, list) else (),
        exit_code=code if isinstance(code, int) and code else 1,
    )
    error.result = body.get("result")
    return error


def _cut(error: OSError | None) -> Cut:
    cause = f" ({error.strerror})" if error is not None and error.strerror else ""
    return Cut(
        f"cannot tell how it ended: the daemon closed the connection before it answered{cause}",
        hint="`mainstay list` shows how things are; the daemon's own words are in its daemon.log",
    )
