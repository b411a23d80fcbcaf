"""The time of logging in the three ways morgan knows. Text is kept for as long as it stays the same: a second."""

from time import gmtime, time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_kept: dict[str, tuple[int, str]] = {}


def date(style: str, now: float | None = None) -> str:
    """`clf`: 10/Oct/2000:13:55:36 +0000; `iso`: 2000-10-10T13:55:36.000Z; `web`: Tue, 10 Oct 2000 13:55:36 GMT.

    `now`: seconds since the epoch. Empty for another style.
    """
    if style not in _WRITE:
        return ""
    now = time() if now is None else now
    if style == "iso":
        second, millisecond = divmod(round(now * 1e6) // 1000, 1000)
        return f"{_text(style, second)}.{millisecond:03}Z"
    return _text(style, int(now))


def _text(style: str, second: int) -> str:
    kept = _kept.get(style)
    if kept is None or kept[0] != second:
        kept = _kept[style] = (second, _WRITE[style](second))
    return kept[1]


def _clf(second: int) -> str:
    year, month, day, hour, minute, seconds, *_ = gmtime(second)
    return f"{day:02}/{_MONTHS[month - 1]}/{year}:{hour:02}:{minute:02}:{seconds:02} +0000"


def _iso(second: int) -> str:
    year, month, day, hour, minute, seconds, *_ = gmtime(second)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}"


def _web(second: int) -> str:
    year, month, day, hour, minute, seconds, weekday, *_ = gmtime(second)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{seconds:02} GMT"


_WRITE = {"clf": _clf, "iso": _iso, "web": _web}
