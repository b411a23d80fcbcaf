"""Specs to the daemon: the requests that make them run, one after the other, as one result; and what they would do."""

from __future__ import annotations

from mainstay.cli.asking import ask, touched
from mainstay.client.connection import Refused
from mainstay.model.codec import dump
from mainstay.model.spec import PythonApp, TcpBind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstay.cli.own_daemon import OwnDaemon
    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Plan, PlanStep, Touched


class Missed:
    """What is done about apps that their file does not declare any more. `whole`: all of the file was asked for."""

    def __init__(self, console: Console, *, whole: bool, prune: bool) -> None:
        self.console = console
        self.whole = whole
        self.prune = prune


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
    """Ask one after the other, whatever becomes of each; all that was done.

    Raises Refused when anything was refused, with what was done all the same.
    """
    return carried_out(requests, lambda verb, args: ask(client, verb, args, console, quiet))


def carried_out(requests: Sequence[Asked], carry_out: Callable[[str, dict[str, object]], Touched]) -> Touched:
    """The same for any way of asking."""
    done = touched(None)
    refusals: list[Refused] = []
    for verb, args in requests:
        try:
            more = carry_out(verb, args)
        except Refused as error:
            refusals.append(error)
            more = touched(error.result)
        done = _joined(done, more)
    if refusals:
        refusals[0].message = "\n".join(dict.fromkeys(refusal.message for refusal in refusals))
        refusals[0].result = done
        raise refusals[0]
    return done


def plan(client: Client | OwnDaemon, specs: Sequence[AppSpec], *, whole: bool) -> list[PlanStep]:
    """What applying these specs would do; `whole`: they are all that their files declare."""
    return _planned(client, applications(specs, {}), whole=whole)


def _planned(client: Client | OwnDaemon, requests: Sequence[Asked], *, whole: bool) -> list[PlanStep]:
    steps: list[PlanStep] = []
    for _, args in requests:
        found: Plan = client.ask("plan", {"specs": args["specs"], "source": args["source"] if whole else ""})
        steps += found["apps"]
    return steps


def with_removals(
    client: Client | OwnDaemon, requests: Sequence[Asked], specs: Sequence[AppSpec], missed: Missed
) -> list[Asked]:
    """The requests, and with `prune` the removal of what the files of these specs declare no more.

    What holds an address that another app is to have goes first; the rest stays until all else is done. Without
    `prune` they are named.
    """
    if not missed.whole or not any(spec.source for spec in specs):
        return list(requests)
    from_files = [(verb, args) for verb, args in requests if verb == "apply" and args["source"]]
    gone = [step for step in _planned(client, from_files, whole=True) if step["action"] == "remove"]
    if not missed.prune:
        for step in gone:
            missed.console.err.print(
                f"mainstay: {step['app']} goes on: its file does not declare it any more",
                "  hint: --prune removes it",
            )
        return list(requests)
    first = [step["app"] for step in gone if step["in_the_way"]]
    last = [step["app"] for step in gone if not step["in_the_way"]]
    return [*_deletion(first), *requests, *_deletion(last)]


def _deletion(apps: list[str]) -> list[Asked]:
    return [("delete", {"selectors": apps})] if apps else []


def places(specs: Sequence[AppSpec]) -> dict[str, str]:
    """Where web apps can be reached, for their lines."""
    return {
        spec.name: ", ".join(f"http://{bind}" if isinstance(bind, TcpBind) else str(bind) for bind in spec.binds)
        for spec in specs
        if isinstance(spec.program, PythonApp) and spec.binds
    }


def _joined(one: Touched, two: Touched) -> Touched:
    return {
        "apps": [*one["apps"], *two["apps"]],
        "survivors": [*one["survivors"], *two["survivors"]],
        "warnings": list(dict.fromkeys([*one["warnings"], *two["warnings"]])),
    }
