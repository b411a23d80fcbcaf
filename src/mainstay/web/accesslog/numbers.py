"""Numbers as morgan writes them."""

from decimal import ROUND_HALF_UP, Decimal

MOST_DIGITS = 100


def fixed(value: float, digits: int) -> str:
    """`value` with so many digits after the point, as ECMAScript's toFixed: by its exact binary value, half up."""
    twice = value * 2 * 10**digits
    if twice % 2 != 1:  # no tie: both ways of rounding are the same
        return f"{value:.{digits}f}"
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
