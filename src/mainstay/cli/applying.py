"""Specs to the daemon: the requests that make them run, one after the other, as one result."""

from __future__ import annotations

from mainstay.cli.asking import ask, touched
from mainstay.client.connection import Refused
from mainstay.model.codec import dump
from mainstay.model.spec import PythonApp, TcpBind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Touched

Asked = tuple[str, dict[str, object]]
"""A verb and its arguments."""


def applications(specs: Sequence[AppSpec], args: dict[str, object]) -> list[Asked]:
    """The requests that apply these specs; `args` are the further arguments of `apply`.

    Specs of one file go together, as the daemon compares a file with what it knows of it.
    """
    return [
        ("apply", {"specs": [dump(spec) for spec in specs if spec.source == source], "source": source, **args})
        for source in dict.fromkeys(spec.source for spec in specs)
    ]


def in_turn(client: Client, requests: Sequence[Asked], console: Console, quiet: bool) -> Touched:
    """Ask one after the other; all that was done. Raises Refused at the first refusal, with what was done so far."""
    return carried_out(requests, lambda verb, args: ask(client, verb, args, console, quiet))


def carried_out(requests: Sequence[Asked], carry_out: Callable[[str, dict[str, object]], Touched]) -> Touched:
    """The same for any way of asking."""
    done = touched(None)
    for verb, args in requests:
        try:
            more = carry_out(verb, args)
        except Refused as error:
            error.result = _joined(done, touched(error.result))
            raise
        done = _joined(done, more)
    return done


def places(specs: Sequence[AppSpec]) -> dict[str, str]:
    """Where web apps can be reached, for their lines."""
    return {
        spec.name: ", ".join(f"http://{bind}" if isinstance(bind, TcpBind) else str(bind) for bind in spec.binds)
        for spec in specs
        if isinstance(spec.program, PythonApp) and spec.binds
    }


def _joined(one: Touched, two: Touched) -> Touched:
    return {"apps": [*one["apps"], *two["apps"]], "survivors": [*one["survivors"], *two["survivors"]]}
