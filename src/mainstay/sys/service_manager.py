"""Telling the service manager how we are: sd_notify(3), and the watchdog it may want fed (sd_watchdog_enabled(3)).

Without NOTIFY_SOCKET in the environment nothing is said.
"""

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

_LISTENS = "NOTIFY_SOCKET"
_WATCHDOG = ("WATCHDOG_USEC", "WATCHDOG_PID")
_LONGEST = 200  # characters of a status


class ServiceManager:
    """Whoever started us and wants to know. `period`: seconds in which it wants to hear that we are alive; 0: never."""

    def __init__(self, address: str = "", period: float = 0.0) -> None:
        self.period = period
        self._address = address
        self._status = ""
        self._fed = float("-inf")

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> "ServiceManager":
        """The one that the environment names. Its variables are taken out: they are not for what we start."""
        address = environ.pop(_LISTENS, "")
        usec, pid = (environ.pop(name, "") for name in _WATCHDOG)
        ours = not pid or pid == str(os.getpid())
        return cls(address, int(usec) / 1e6 if address and ours and usec.isdecimal() else 0.0)

    def ready(self) -> None:
        """All is up; or it is again, after `reloading`."""
        self._send("READY=1")

    def reloading(self) -> None:
        """We are reading our configuration anew."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """We are on our way out."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """What `systemctl status` shows; said when it differs from what was said last."""
        line = " ".join(text.split())[:_LONGEST]
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def alive(self) -> None:
        """Everything is well now; said as often as it is wanted, twice in each period."""
        now = time.monotonic()
        if self.period and now - self._fed >= self.period / 2:
            self._fed = now
            self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)  # a manager that does not read must not hold us up
            sock.connect(address)
            sock.send(message.encode())
