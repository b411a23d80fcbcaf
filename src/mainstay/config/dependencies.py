"""Reading what has to be there before an app starts, and seeing that it can be: no app unknown, nothing in a circle."""

from collections.abc import Collection, Iterable, Mapping

from mainstay.config.nearest import nearest
from mainstay.config.problems import Refused, refuse_all
from mainstay.config.values import choice, kind_of, name
from mainstay.model.spec import Condition, Dependency

_CONDITION = choice({condition.value: condition for condition in Condition})


def dependencies(value: object) -> tuple[Dependency, ...]:
    """`["db"]`, or `{ db = "healthy" }`; one name may stand alone. Raises Refused."""
    found: dict[str, Condition] = {}
    errors: list[Refused] = []
    for key, app, condition in _entries(value):
        try:
            if name(app) in found:
                raise Refused(f"{app} is named twice")
            found[name(app)] = _CONDITION(condition)
        except Refused as error:
            errors.append(error.under(key))
    refuse_all(errors)
    return tuple(Dependency(app, condition) for app, condition in found.items())


def _entries(value: object) -> list[tuple[str | int, object, object]]:
    started = Condition.STARTED.value
    match value:
        case str():
            return [(0, value, started)]
        case list():
            return [(index, app, started) for index, app in enumerate(value)]
        case dict():
            return [(app, app, condition) for app, condition in value.items()]
        case _:
            raise Refused(f'must be a list like ["db"] or a table like {{ db = "healthy" }}, not {kind_of(value)}')


def unmet(
    own: str, wanted: Iterable[Dependency], apps: Collection[str], checked: Collection[str], jobs: Collection[str]
) -> list[tuple[int, str, str, str]]:
    """What of an app's dependencies cannot be: position, name, text and hint for each.

    `apps` are all that are declared, `checked` those whose health is looked at, `jobs` those that only run when due.
    """
    found = []
    for index, dependency in enumerate(wanted):
        app = dependency.app
        if app not in apps:
            close = nearest(app, [other for other in apps if other != own])
            hint = f"did you mean `{close}`?" if close else "an app can wait for one of the same file"
            found.append((index, app, f"no app is called {app}", hint))
        elif app in jobs:
            found.append((index, app, f"{app} runs on a schedule and is not started before others", "use before_start"))
        elif dependency.condition is Condition.HEALTHY and app not in checked:
            found.append((index, app, f"{app} has no health check", f"write health under [apps.{app}]"))
    return found


def circles(waits_for: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Each circle of apps that wait for each other, once: `("a", "b", "a")`, begun where it was declared first."""
    found: list[tuple[str, ...]] = []
    seen: set[frozenset[str]] = set()
    done: set[str] = set()

    def walk(app: str, way: tuple[str, ...]) -> None:
        if app in way:
            circle = (*way[way.index(app) :], app)
            if frozenset(circle) not in seen:
                seen.add(frozenset(circle))
                found.append(circle)
            return
        if app in done:
            return
        for other in waits_for.get(app, ()):
            walk(other, (*way, app))
        done.add(app)

    for app in waits_for:
        walk(app, ())
    return found
