"""Programs started by the code under test, and what they print."""

import os
from collections.abc import Callable
from dataclasses import replace

from mainstay.sys.program import Spawn

Start = Callable[[Spawn], int]


def shell(script: str, **env: str) -> Spawn:
    """A shell line; `printed` fills in where its output goes."""
    return program("sh", "-c", script, **env)


def program(*argv: str, **env: str) -> Spawn:
    """A program with an environment of its own."""
    return Spawn(argv=argv, env={"PATH": os.defpath, **env}, cwd="/", stdout=-1, stderr=-1)


def printed(start: Start, spec: Spawn) -> str:
    """All that it prints until it has ended with code 0."""
    read_fd, write_fd = os.pipe()
    try:
        pid = start(replace(spec, stdout=write_fd, stderr=write_fd))
    finally:
        os.close(write_fd)
    with open(read_fd, encoding="utf-8") as output:
        text = output.read().strip()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, text
    return text
