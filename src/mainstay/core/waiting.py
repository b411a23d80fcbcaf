"""What is held until its time has come: which part of a request goes on next, and which has waited for too long.

`core.order` says who waits for whom; this looks at all that is held, whenever something has happened. Functions of
their arguments: the fleet does what they say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mainstay.core import order
from mainstay.core.effects import Outcome, Refusal
from mainstay.core.events import Token
from mainstay.core.order import Apps, Held, Waits


@dataclass(frozen=True, slots=True)
class Pending:
    """A request on its way: the apps that have not answered yet, and what the others said."""

    waiting: frozenset[str]
    outcomes: tuple[Outcome, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    brought: dict[str, str] = field(default_factory=dict)
    """Apps that nobody named -> the one that depends on them."""


Requests = Mapping[Token, Pending]


@dataclass(frozen=True, slots=True)
class Next:
    """A part of a request that is held no longer: it begins, or is refused."""

    held: Held
    refusal: Refusal | None = None


def verdict(held: Held, apps: Apps, requests: Requests) -> Waits | Refusal | None:
    """Whether a part of a request may begin (None), must wait, or cannot be done."""
    pending = requests.get(held.request.token, Pending(frozenset()))
    failed = frozenset(outcome.app for outcome in pending.outcomes if outcome.outcome == "failed")
    return order.verdict(held, apps, pending.waiting, failed)


def look(parts: tuple[Held, ...], apps: Apps, requests: Requests, now: float) -> tuple[tuple[Held, ...], Next | None]:
    """The parts with the time they have, without the first that goes on now; and that one, if there is any."""
    timed: list[Held] = []
    for at, held in enumerate(parts):
        found = verdict(held, apps, requests)
        if isinstance(found, Waits):
            held = _timed(held, found, now)
            found = order.too_late(held.name, found) if _is_over(held, found, now) else found
        if not isinstance(found, Waits):
            return (*timed, *parts[at + 1 :]), Next(held, found)
        timed.append(held)
    knot = next((held for held in timed if _is_knotted(held, timed, apps, requests)), None)
    return tuple(held for held in timed if held is not knot), Next(knot) if knot else None


def given_up(parts: tuple[Held, ...], names: set[str]) -> tuple[Held, ...]:
    """Those that are pointless once someone has stopped these apps."""
    return tuple(held for held in parts if held.name in names and order.is_start(held.request))


def _timed(held: Held, waits: Waits, now: float) -> Held:
    if waits.seconds is None:
        return replace(held, deadline=None)
    return held if held.deadline else replace(held, deadline=now + waits.seconds)


def _is_over(held: Held, waits: Waits, now: float) -> bool:
    return waits.seconds is not None and held.deadline is not None and now >= held.deadline


def _is_knotted(held: Held, parts: list[Held], apps: Apps, requests: Requests) -> bool:
    """Whether all that is left of its request waits for each other: a rollback made them depend on each other."""
    pending = requests.get(held.request.token)
    mine = {other.name: other for other in parts if other.request.token == held.request.token}
    if pending is None or not pending.waiting <= mine.keys():
        return False
    found = [verdict(mine[name], apps, requests) for name in pending.waiting]
    return all(isinstance(waits, Waits) and set(waits.names) & pending.waiting for waits in found)
