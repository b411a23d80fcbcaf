"""Moments as people write them for `--since`: how long ago, or when."""

from __future__ import annotations

from mainstay.config.problems import Refused
from mainstay.config.values import duration
from mainstay.errors import UsageError


def since(text: str, now: float) -> float:
    """Epoch seconds for `10m` or `1h30m` ago, `12:30` of today, or `2026-11-23 12:30`. Raises UsageError."""
    moment = _moment(text, now)
    if moment is not None:
        return moment
    try:
        return now - duration(text)
    except Refused:
        raise UsageError(
            f"cannot tell which time {text!r} is", hint="like 10m, 1h30m, 12:30 or 2026-11-23T12:30"
        ) from None


def _moment(text: str, now: float) -> float | None:
    from datetime import datetime

    if not set(text) & set(":-"):
        return None  # 20261123 is a date in ISO 8601, and here a number of seconds
    if "-" not in text:
        text = f"{datetime.fromtimestamp(now).date()} {text}"
    try:
        return datetime.fromisoformat(text).timestamp()  # local time unless it names its zone
    except ValueError:
        return None
