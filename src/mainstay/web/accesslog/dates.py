"""The time of logging in the three ways morgan knows. Text is kept for as long as it stays the same: a second."""

from collections.abc import Callable
from time import gmtime, time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def date(style: str, now: float | None = None) -> str:
    """`clf`: 10/Oct/2000:13:55:36 +0000; `iso`: 2000-10-10T13:55:36.000Z; `web`: Tue, 10 Oct 2000 13:55:36 GMT.

    `now`: seconds since the epoch. Empty for another style.
    """
    return date_in(style)(time() if now is None else now)


def date_in(style: str) -> Callable[[float], str]:
    """As `date`, for many times in one style."""
    return _IN.get(style, lambda _: "")


def _kept(write: Callable[[int], str]) -> Callable[[float], str]:
    """Remembers the text of the second before."""
    last = (-1, "")

    def writing(now: float) -> str:
        nonlocal last
        second = int(now)
        kept, text = last  # at once: another thread may set it meanwhile
        if kept != second:
            text = write(second)
            last = (second, text)
        return text

    return writing


def _clf(second: int) -> str:
    year, month, day, hour, minute, seconds, *_ = gmtime(second)
    return f"{day:02}/{_MONTHS[month - 1]}/{year}:{hour:02}:{minute:02}:{seconds:02} +0000"


def _iso(second: int) -> str:
    year, month, day, hour, minute, seconds, *_ = gmtime(second)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}"


def _web(second: int) -> str:
    year, month, day, hour, minute, seconds, weekday, *_ = gmtime(second)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{seconds:02} GMT"


_seconds = _kept(_iso)


def _iso_with_milliseconds(now: float) -> str:
    milliseconds = round(now * 1e6) // 1000  # a float such as 1.001 is a bit less
    return f"{_seconds(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


_IN = {"clf": _kept(_clf), "iso": _iso_with_milliseconds, "web": _kept(_web)}
