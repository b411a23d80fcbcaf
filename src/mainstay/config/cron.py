"""Reading when something is due: cron(5) expressions and time zones.

The expression is judged by cronsim, which follows Debian's cron to the letter, also where clocks are put forward and
back. It is imported only when a schedule is there.
"""

from mainstay.config.problems import Refused
from mainstay.config.values import text

NICKNAMES: dict[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""What crontab(5) has short names for."""

_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or jan to dec"),
    ("day of the week", "0 to 7, or sun to sat"),
)
_HINT = 'write five fields, minute hour day month weekday: "0 3 * * *" is at three every night'


def cron(value: object) -> str:
    """A cron(5) expression, a short name (`@daily`) written out. Raises Refused, with the field that is wrong."""
    written = " ".join(text(value).split())
    if written.startswith("@"):
        if written.lower() not in NICKNAMES:
            raise Refused(f"{written!r:.60} is no short name", hint=f"there are {', '.join(NICKNAMES)}")
        return NICKNAMES[written.lower()]
    fields = written.split()
    if len(fields) != len(_FIELDS):
        raise Refused(f"{written!r:.60} has {_count(len(fields))}, not five", hint=_HINT)
    wrong = [index for index, field in enumerate(fields) if not _is_right(field, index)]
    if wrong:
        named = "; ".join(f"the {_FIELDS[i][0]} {fields[i]!r:.30} (it takes {_FIELDS[i][1]})" for i in wrong)
        raise Refused(f"{written!r:.60} is no cron expression: {named}", hint=_HINT)
    if not _ever_due(written):
        raise Refused(f"{written!r:.60} is never due: there is no such day", hint=_HINT)
    return written


def timezone(value: object) -> str:
    """The name of a time zone of this machine: `Europe/Berlin`. Raises Refused."""
    import zoneinfo

    written = text(value).strip()
    try:
        zoneinfo.ZoneInfo(written)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"no time zone is called {written!r:.60}", hint=_nearest_zone(written)) from None
    return written


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def _is_right(field: str, index: int) -> bool:
    """Whether a field is right where it stands, whatever the others say."""
    alone = ["*"] * len(_FIELDS)
    alone[index] = field
    return _parsed(" ".join(alone)) is not None


def _ever_due(expression: str) -> bool:
    moments = _parsed(expression)
    return moments is not None and next(moments, None) is not None  # type: ignore[call-overload]  # an iterator


def _parsed(expression: str) -> object:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        return CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC))
    except (CronSimError, AssertionError, ValueError):
        return None


def _nearest_zone(written: str) -> str:
    import difflib
    import zoneinfo

    known = {name.rpartition("/")[2].lower(): name for name in sorted(zoneinfo.available_timezones())}
    known |= {name.lower(): name for name in known.values()}
    close = difflib.get_close_matches(written.lower().replace(" ", "_"), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {known[close[0]]}?"
    return "for example Europe/Berlin or UTC" if known else "this machine knows no time zones: install tzdata"
