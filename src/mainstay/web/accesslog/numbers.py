"""Numbers as morgan writes them, which is as ECMAScript does."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

MOST_DIGITS = 100
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PREFIXED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_EXACT = float(2**53)  # from here on a float is no odd number
_ENOUGH = Context(prec=800)


def fixed(value: float, digits: int) -> str:
    """`value` with so many digits after the point, as toFixed: by its exact binary value, half up."""
    twice = value * 2 * 10**digits
    if twice % 2 != 1 and abs(twice) < _EXACT:  # no tie: both ways of rounding are the same
        return f"{value:.{digits}f}"
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ENOUGH):f}"


def digits_of(argument: str) -> int | None:
    """How many digits toFixed takes a text for; None when it refuses it. What is no number counts as 0."""
    text = argument.strip("\t\n\v\f\r \xa0\ufeff\u2028\u2029")
    if _PREFIXED.fullmatch(text):
        value = Decimal(int(text, 0))
    elif _DECIMAL.fullmatch(text):
        value = Decimal(text)
    else:
        return None if text in ("Infinity", "+Infinity", "-Infinity") else 0
    return int(value) if -1 < value < MOST_DIGITS + 1 else None


def milliseconds(seconds: float) -> float:
    """Of a measured time: whole nanoseconds, put together as of a pair of Node's process.hrtime."""
    nanoseconds = round(seconds * 1e9)
    if nanoseconds < 1_000_000_000:
        return nanoseconds * 1e-6
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    return whole * 1e3 + rest * 1e-6
