"""docs/alerts.md does what it says, with a mail program and a server that are ours; and events as a user sees them."""

import json
import os
import re
import signal
from pathlib import Path

from mainstay.client.connection import open_connection
from mainstay.model.codec import dump
from mainstay.model.spec import AppSpec, Command, EnvLayer, Hook
from tests.end_to_end.site import ROOT, Site
from tests.receiver import receiving
from tests.waiting import until

PAGE = (ROOT / "docs" / "alerts.md").read_text()


def example(name: str) -> str:
    """The code of an example on the page."""
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", PAGE, re.S)
    assert found is not None
    return found[1]


def program(path: Path, text: str) -> Path:
    """A program that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def crashed(site: Site, hook: Hook) -> None:
    """An app with this hook, one worker of which was killed after it had printed something."""
    path = f"{site.folder}/bin:{os.environ['PATH']}"
    base = EnvLayer("base", {"PATH": path})
    argv = ("sh", "-c", "echo out of memory >&2; exec sleep 1000")
    spec = AppSpec("jobs", Command(argv), str(site.folder), env=(base,), hooks=(hook,))
    site.ok("start", "sleep 1000", "--name", "other")
    client = open_connection(str(site.home / "daemon.sock"))
    assert client is not None
    with client:
        client.ask("apply", {"specs": [dump(spec)], "mode": "start"})
    (pid,) = site.pids("jobs")
    os.kill(pid, signal.SIGKILL)


def test_a_mail_is_sent(site: Site) -> None:
    sent = site.folder / "sent"
    program(site.folder / "bin" / "sendmail", f'#!/bin/sh\n(echo "to $1"; cat) > {sent}.new; mv {sent}.new {sent}\n')
    alert = program(site.folder / "bin" / "mail-alert", example("mail-alert"))
    crashed(site, Hook("crash", (str(alert), "ops@example.org")))

    until(sent.exists, what="a mail")
    mail = sent.read_text()
    assert mail.startswith("to ops@example.org\nTo: ops@example.org\nSubject: jobs: crash\n\njobs on ")
    assert "killed by SIGKILL" in mail
    assert mail.endswith("\n\nout of memory\n")


def test_a_chat_shows_the_text(site: Site) -> None:
    with receiving() as receiver:
        crashed(site, Hook("crash", url=receiver.url("/services/T000/B000/XXXX")))
        (body,) = until(lambda: receiver.bodies)

    assert "killed by SIGKILL" in body["text"]
    assert body["text"].endswith("```\nout of memory\n```")


def test_ntfy_is_told(site: Site) -> None:
    script = example("ntfy").strip()
    assert script in PAGE.replace(example("ntfy"), "")
    with receiving() as receiver:
        crashed(site, Hook("crash", ("sh", "-c", script.replace("https://ntfy.sh/", receiver.url("/")))))
        until(lambda: receiver.requests)

    path, _, body = receiver.requests[0]
    assert path == "/your-topic"
    assert body.decode().startswith("jobs on ")


def test_a_kill_and_a_failure_are_looked_up_with_and_without_a_daemon(site: Site) -> None:
    site.ok("start", "sleep 1000", "--name", "jobs")
    os.kill(site.pids("jobs")[0], signal.SIGKILL)
    until(lambda: "killed by SIGKILL" in site.ok("events", "jobs").out)
    site.run("start", "sh -c 'echo the disk is gone >&2; exit 3'", "--name", "fails")
    until(lambda: "exit code 3" in site.ok("events").out)
    with_daemon = site.ok("events", "--level", "error", "--json").out
    site.ok("kill")
    without = site.ok("events", "--level", "error", "--json").out

    crashes = [event for event in map(json.loads, without.splitlines()) if event["event"] == "crash"]
    assert [(event["app"], event["code"], event["signal"]) for event in crashes[:2]] == [
        ("jobs", None, "SIGKILL"),
        ("fails", 3, None),
    ]
    assert crashes[1]["lines"] == ["the disk is gone"]
    assert without.startswith(with_daemon)
