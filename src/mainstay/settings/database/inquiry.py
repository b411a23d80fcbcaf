"""Answers a question about a user's database file: `PYTHON inquiry.py QUESTION`; question and answer are JSON.

Run by path with the user's own interpreter, where their packages are and where another mainstay, or none, may be. What
their code prints goes to stderr; the answer alone goes to stdout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from mainstay.settings.database.resolve import Resolved


class Question(TypedDict):
    """What is asked. A file's path is absolute; `environment` empty: what APP_ENV says."""

    ask: str
    """`url`, `check` or `client`."""
    target: str
    attribute: str
    root: str
    environment: str
    reveal: bool
    timeout: float


class Answer(TypedDict, total=False):
    """What comes back: with `error` and `hint`, or with the rest."""

    error: str
    hint: str
    environment: str
    url: str
    server: str
    version: str
    connect_ms: float
    latency_ms: float
    programs: list[str]
    arguments: list[str]
    env: dict[str, str]
    package: str


def load_own_package() -> None:
    """Make `mainstay` mean the package that this file belongs to, whatever else is installed."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or os.curdir) != here]
    above = here
    for _ in range(3):
        above = os.path.dirname(above)
    sys.path.insert(0, above)
    import mainstay  # noqa: F401  # its submodules come from its own folder from here on

    sys.path.remove(above)


def answer(question: Question) -> Answer:
    """Load the file, answer; every error that has words of ours is an answer too."""
    from mainstay.settings.database.addresses import masked
    from mainstay.settings.problems import SettingsError

    found: Answer = {}
    try:
        resolved, environ = _resolved(question)
        found = {"environment": resolved.name, "url": masked(resolved.url)}
        match question["ask"]:
            case "check":
                return found | _health(resolved, environ, question["timeout"])
            case "client":
                return found | _client(resolved, question["root"])
            case _ if question["reveal"]:
                return found | {"url": resolved.url.render_as_string(hide_password=False)}
            case _:
                return found
    except SettingsError as error:
        return found | {"error": error.message, "hint": error.hint}


def _resolved(question: Question) -> tuple[Resolved, dict[str, str]]:
    """The section that is meant, and the variables it was read with: those of the .env files too."""
    from mainstay.settings.cascade import load
    from mainstay.settings.database.lookup import sections_in
    from mainstay.settings.environment import ENVIRONMENTS, VARIABLE

    if question["environment"]:
        os.environ[VARIABLE] = question["environment"]
    environ = dict(os.environ)
    if os.environ.get(VARIABLE, ENVIRONMENTS[0]) in ENVIRONMENTS:  # the files are for these alone
        loaded = load(question["root"])
        for warning in loaded.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        environ = dict(loaded)
    sections = sections_in(question["target"], question["attribute"], question["root"])
    given = environ if sections.environ is None else sections.environ
    return sections.resolve(question["environment"] or None, given), environ


def _health(resolved: Resolved, environ: dict[str, str], timeout: float) -> Answer:
    from mainstay.settings.database.checking import check

    health = check(resolved, environ, timeout)
    return {
        "server": health.server,
        "version": health.version,
        "connect_ms": round(health.connect * 1000, 2),
        "latency_ms": round(health.latency * 1000, 2),
    }


def _client(resolved: Resolved, root: str) -> Answer:
    from mainstay.settings.database.clients import client_of

    client = client_of(resolved, root)
    return {
        "programs": list(client.programs),
        "arguments": list(client.arguments),
        "env": client.env,
        "package": client.package,
    }


def main() -> None:
    """The program. It ends without waiting for a connection that hangs, or for what the user's file has started."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback
    out = os.dup(1)
    os.dup2(2, 1)
    load_own_package()
    question: Question = json.loads(sys.argv[1])
    os.chdir(question["root"])
    text = json.dumps(answer(question))
    with open(out, "w", encoding="utf-8") as stream:
        stream.write(text)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
