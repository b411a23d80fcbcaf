"""The daemon's own log, `MAINSTAY_HOME/daemon.log`: one line an event, with the time. Its standard error goes there."""

import os
import sys
import time

LIMIT = 5 * 1024 * 1024
"""Bytes after which the file is put aside as `daemon.log.1`, at the start of a daemon or while it runs."""


class Journal:
    """Writes lines; never raises, as a full disk must not end the daemon."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._written = 0
        self.rotate()

    def write(self, text: str) -> None:
        """One line, with control characters escaped."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        line = f"{stamp} {text.encode('unicode_escape').decode('ascii')}\n"
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return  # nowhere left to say it: a full disk, a closed descriptor, none from the beginning
        self._written += len(line)
        if self._written > LIMIT:
            self.rotate()

    def bug(self, error: Exception) -> None:
        """A fault of ours, which must not end the daemon: the whole traceback, a line each."""
        from traceback import format_exception

        for line in "".join(format_exception(error)).splitlines():
            self.write(f"bug: {line}")

    def rotate(self) -> None:
        """Put the file aside and go on in a new one, when it is large and our standard error goes there."""
        self._written = 0
        try:
            found = os.stat(self._path)
            if found.st_size < LIMIT or not os.path.samestat(found, os.fstat(2)):
                return
            os.replace(self._path, self._path + ".1")
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            os.dup2(fd, 1)
            os.dup2(fd, 2)
            os.close(fd)
        except OSError:
            return  # it goes on in the old one
