"""Which apps and slots a selector means: a name, a slot (`web-0`), a number as `list` shows it, a namespace, `all`."""

from collections.abc import Mapping

from mainstay.core.app import App, indexes

Selection = dict[str, frozenset[int] | None]
"""App name -> the slots that are meant, None for the whole app."""


class UnknownSelector(Exception):
    """Nothing has this name; `nearest` is a name that looks like it, or empty."""

    def __init__(self, selector: str, nearest: str) -> None:
        super().__init__(selector)
        self.selector = selector
        self.nearest = nearest


def select(apps: Mapping[str, App], selectors: tuple[str, ...]) -> Selection:
    """What all of these selectors mean together. Raises UnknownSelector for the first that means nothing."""
    chosen: Selection = {}
    for selector in selectors:
        for name, slots in _one(apps, selector).items():
            before = chosen.get(name, frozenset())
            chosen[name] = None if slots is None or before is None else before | slots
    return chosen


def _one(apps: Mapping[str, App], selector: str) -> Selection:
    if selector == "all":
        return dict.fromkeys(apps)
    if selector in apps:
        return {selector: None}
    for name, app in apps.items():
        for index, number in app.numbers.items():
            if selector in (str(number), f"{name}-{index}") and index in indexes(app):
                return {name: frozenset((index,))}
    members = [name for name, app in apps.items() if app.spec.namespace == selector]
    if members:
        return dict.fromkeys(members)
    names = [*apps, *(f"{name}-{index}" for name, app in apps.items() for index in indexes(app))]
    raise UnknownSelector(selector, nearest(selector, names))


def nearest(word: str, names: list[str]) -> str:
    """The name most like `word`, or empty when none is like it."""
    best = min(names, key=lambda name: distance(word, name), default="")
    return best if best and distance(word, best) <= max(2, len(best) // 3) else ""


def distance(a: str, b: str) -> int:
    """Levenshtein's: how many letters must be added, dropped or changed to make one of the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
