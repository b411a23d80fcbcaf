"""What a hook is told: the event as JSON on its standard input or as a webhook's body, and as variables."""

import os

from mainstay.daemon import environment
from mainstay.daemon.events_log import Event
from mainstay.model.spec import AppSpec, Hook
from mainstay.protocol.jsontext import dumps

BASE = "base"
"""The layer that a command is given: the machine and its user, and no variable of the app's own."""


def payload(event: Event, held_back: int) -> Event:
    """The event, on which machine it was, and how many like it were held back since the last call."""
    return event | {"host": os.uname().nodename, "suppressed": held_back}


def headline(told: Event) -> str:
    """One line that can stand alone: `shop on web1: web-0@3 (pid 4123) ended: killed by SIGKILL (12 more before)`."""
    held_back = told["suppressed"]
    more = f" (and {held_back} more since the last one)" if held_back else ""
    return f"{told['app']} on {told['host']}: {told['event']}: {told['text']}{more}"


def last_lines(told: Event) -> str:
    """The app's last lines, if the event has any."""
    lines = told.get("lines")
    return "\n".join(str(line) for line in lines) if isinstance(lines, list) else ""


def for_stdin(hook: Hook, told: Event) -> bytes:
    """What it reads: for a webhook its address and the body, whose `text` chat services show as it is."""
    if not hook.url:
        return dumps(told).encode() + b"\n"
    lines = last_lines(told)
    text = f"{headline(told)}\n```\n{lines}\n```" if lines else headline(told)
    return hook.url.encode() + b"\n" + dumps(told | {"text": text}).encode()


def environment_of_command(spec: AppSpec, told: Event) -> dict[str, str]:
    """The app's base, and the event in variables; MAINSTAY_LINES has the app's last lines."""
    base = next((dict(layer.values) for layer in spec.env if layer.source == BASE), {})
    return (
        base
        | environment.common(spec)
        | {
            "MAINSTAY_EVENT": str(told["event"]),
            "MAINSTAY_SLOT": str(told["slot"]),
            "MAINSTAY_TIME": str(told["time"]),
            "MAINSTAY_TEXT": _plain(headline(told)),
            "MAINSTAY_LINES": _plain(last_lines(told)),
        }
    )


def _plain(text: str) -> str:
    """What a variable can hold."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
