"""What is in MAINSTAY_HOME, who may read it, and what was left there or elsewhere by daemons that are gone."""

from __future__ import annotations

import os
import stat

from mainstay.cli.findings import ok, problem, warn
from mainstay.client.home import user_name
from mainstay.client.streams import streams_of, streams_on_disk
from mainstay.errors import MainstayError
from mainstay.sys import left_behind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding
    from mainstay.client.connection import Client

_NAMED = 5


def permissions(home: str) -> list[Finding]:
    """Folders and files that are for their owner alone."""
    if not os.path.exists(home):
        return [ok("home", f"{home} will be made when it is needed")]
    found = []
    wanted = {home: 0o700, os.path.join(home, "logs"): 0o700}
    wanted |= {os.path.join(home, name): 0o600 for name in ("daemon.sock", "daemon.log", "state.json", "crash.log")}
    for path, most in wanted.items():
        try:
            status = os.lstat(path)
        except OSError:
            continue
        extra = stat.S_IMODE(status.st_mode) & ~most & 0o077
        if status.st_uid != os.geteuid():
            text = f"{path} belongs to user {user_name(status.st_uid)}"
            found.append(problem("permissions", text, f"run this as that user, or chown -R {os.geteuid()} {home}"))
        elif extra & 0o022:
            text = f"others may write to {path} ({stat.S_IMODE(status.st_mode):04o})"
            found.append(problem("permissions", text, f"chmod {most:04o} {path}"))
        elif extra:
            text = f"others may read {path} ({stat.S_IMODE(status.st_mode):04o})"
            found.append(warn("permissions", text, f"chmod {most:04o} {path}"))
    return found or [ok("permissions", f"{home} is for its owner alone")]


def leftovers(home: str, client: Client | None) -> list[Finding]:
    """Files and workers that nobody needs any more."""
    found = [_socket(home, client), *_workers()]
    if client is not None:
        found.append(_logs(home, client))
    return found


def _socket(home: str, client: Client | None) -> Finding:
    path = os.path.join(home, "daemon.sock")
    if client is None and os.path.exists(path):
        text = f"{path} was left by a daemon that did not end by itself"
        return warn("socket", text, "the next daemon replaces it; daemon.log may say what happened")
    return ok("socket", "in use" if client is not None else "none")


def _workers() -> list[Finding]:
    orphans = left_behind.orphans()
    if not orphans:
        return [ok("workers", "none without a daemon")]
    return [
        problem(
            "workers",
            f"{app}: {len(pids)} run without a daemon: theirs was killed",
            f"`kill {' '.join(map(str, pids))}` ends them",
        )
        for app, pids in orphans.items()
    ]


def _logs(home: str, client: Client) -> Finding:
    try:
        used = {stream.path for stream in streams_of(client, ())}
    except MainstayError as error:  # a daemon of another version
        return warn("log files", f"whose they are cannot be told: {error.message}", "`mainstay upgrade`")
    unused = [stream.path for stream in streams_on_disk(home, ()) if stream.path not in used]
    if not unused:
        return ok("log files", "all belong to an app of the list")
    names = " ".join(unused[:_NAMED])
    more = f" and {len(unused) - _NAMED} more" if len(unused) > _NAMED else ""
    text = f"{len(unused)} belong to no app of the list: {', '.join(map(os.path.basename, unused[:_NAMED]))}{more}"
    return warn("log files", text, f"if nobody needs them: rm {names}")
