"""MAINSTAY_HOME: the folder that holds the daemon's socket, state and logs. Private to its owner, or refused."""

from __future__ import annotations

import os
import stat

from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SOCKET_PATH_BYTES = 107  # sun_path without its NUL, unix(7)


class UnsafeHome(MainstayError):
    """Somebody else could put a socket or a state file of theirs there."""


def home_path(environ: Mapping[str, str]) -> str:
    """The absolute path: `MAINSTAY_HOME`, or `.mainstay` in the home folder; a user without one has it in /tmp."""
    path = environ.get("MAINSTAY_HOME") or os.path.expanduser("~/.mainstay")
    return _temporary_home(environ) if path.startswith("~") else os.path.abspath(path)


def writable_home(environ: Mapping[str, str]) -> str:
    """The home, made when it was not there; one in /tmp where none was asked for and the usual one cannot be written.

    For containers: read-only, or run as a user that the image does not know. Raises MainstayError.
    """
    usual = home_path(environ)
    try:
        found = prepared_home(usual)
    except UnsafeHome:
        raise
    except MainstayError:
        if environ.get("MAINSTAY_HOME"):
            raise
        return prepared_home(_temporary_home(environ))
    if os.access(found, os.W_OK | os.X_OK):
        return found
    if environ.get("MAINSTAY_HOME"):
        hint = "mount a volume or a tmpfs there, or set MAINSTAY_HOME to a folder where you may write"
        raise MainstayError(f"cannot use {found}: it cannot be written to", hint=hint)
    return prepared_home(_temporary_home(environ))


def _temporary_home(environ: Mapping[str, str]) -> str:
    return os.path.join(os.path.abspath(environ.get("TMPDIR") or "/tmp"), f"mainstay-{os.geteuid()}")


def socket_path(home: str) -> str:
    """Where the daemon listens. Raises MainstayError when the kernel could not take so long a path."""
    path = os.path.join(home, "daemon.sock")
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise MainstayError(
            f"cannot use {home}: the path of the daemon's socket would be longer than {_SOCKET_PATH_BYTES} bytes",
            hint="set MAINSTAY_HOME to a shorter path",
        )
    return path


def checked_home(home: str) -> str:
    """The same path, when it is safe to trust what is in it, or does not exist. Raises UnsafeHome otherwise."""
    try:
        found = os.stat(home)
    except FileNotFoundError:
        return home
    except OSError as error:
        raise MainstayError(f"cannot use {home}: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise MainstayError(f"cannot use {home}: it is not a folder", hint="set MAINSTAY_HOME to another path")
    if found.st_uid != os.geteuid():
        raise UnsafeHome(
            f"cannot use {home}: it belongs to user {user_name(found.st_uid)}",
            hint="set MAINSTAY_HOME to a folder of your own, or run this as that user",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnsafeHome(f"cannot use {home}: others may write to it", hint=f"chmod 700 {home}")
    return home


def prepared_home(home: str) -> str:
    """The same path, made (0700) when it was not there. Raises MainstayError when it cannot be made or trusted."""
    try:
        os.makedirs(os.path.dirname(home), exist_ok=True)
        os.mkdir(home, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        hint = "set MAINSTAY_HOME to a folder where you may write, with room on its disk"
        raise MainstayError(f"cannot make {home}: {error.strerror}", hint=hint) from None
    return checked_home(home)


def user_name(uid: int) -> str:
    """The name of a user, or the number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
