"""What is in MAINSTAY_HOME, who may read it, and what was left there or elsewhere by daemons that are gone."""

from __future__ import annotations

import os
import stat

from mainstay.cli.findings import counted, ok, problem, warn
from mainstay.client.home import socket_path, user_name
from mainstay.client.streams import streams_of, streams_on_disk
from mainstay.errors import MainstayError
from mainstay.sys import left_behind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding
    from mainstay.client.connection import Client
    from mainstay.protocol.shapes import Details, Listing

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
    found = [_socket(home, client), *_workers(home, client)]
    if client is not None:
        found.append(_logs(home, client))
    return found


def _socket(home: str, client: Client | None) -> Finding:
    path = socket_path(home)
    if client is None and os.path.exists(path):
        text = f"{path} was left by a daemon that did not end by itself"
        return warn("socket", text, "`mainstay resurrect` starts what was up; daemon.log may say what happened")
    return ok("socket", "in use" if client is not None else "none")


def _workers(home: str, client: Client | None) -> list[Finding]:
    try:
        known = set() if client is None else _known(client)
    except MainstayError as error:  # a daemon of another version
        return [warn("workers", f"whether all are looked after cannot be told: {error.message}", "`mainstay upgrade`")]
    orphans = left_behind.orphans(home, known)
    if not orphans:
        return [ok("workers", "none without a daemon")]
    why = "no daemon runs" if client is None else "the daemon does not know them"
    return [
        problem(
            "workers",
            f"{app}: {counted(len(pids), 'worker')} left by a daemon that was killed: {why}",
            f"`kill {' '.join(map(str, pids))}`, then `mainstay resurrect` or `mainstay start`",
        )
        for app, pids in orphans.items()
    ]


def _known(client: Client) -> set[int]:
    """The pids of what the daemon looks after: workers, the old ones of a rollout as well, and templates."""
    listing: Listing = client.ask("list", {"measure": False})
    if not listing["rows"]:
        return set()
    details: Details = client.ask("describe", {"selectors": ["all"]})
    templates = {app["template"]["pid"] for app in details["apps"] if app["template"]}
    return {pid for pid in templates | {row["pid"] for row in listing["rows"]} if pid}


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
