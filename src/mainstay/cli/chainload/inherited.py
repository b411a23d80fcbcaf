"""The environment as our caller gave it to us. Python changes it while it starts, which the command must not notice."""

from __future__ import annotations

import os

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to when the caller's locale is C (PEP 538)."""


def environment() -> dict[str, str]:
    """All variables; undecodable bytes are surrogates. Without those that cannot be handed on, which have no name."""
    environ = {name: value for name, value in os.environ.items() if name}
    if environ.get("LC_CTYPE") in _COERCED and not _was_given("LC_CTYPE"):
        del environ["LC_CTYPE"]
    return environ


def _was_given(name: str) -> bool:
    """The kernel remembers what the process was started with; where it does not tell, the variable stays."""
    try:
        with open("/proc/self/environ", "rb") as file:
            given = file.read()
    except OSError:
        return True
    return any(entry.startswith(os.fsencode(f"{name}=")) for entry in given.split(b"\0"))
