"""Which request this is: an id for each, and the trace it is part of.

The id is a UUIDv7 (RFC 9562) made here, or the caller's own when the connection comes from a proxy that is trusted. It
is in `request_id` while the app answers, in the response, and in every record of the log.
"""

import logging
import os
import re
from contextvars import ContextVar
from time import time_ns

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
"""The id of the trace it is part of (W3C Trace Context); empty when the caller said none."""

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_AT_ONCE = 256
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""By the digit that was drawn: two bits of it stay (RFC 9562 section 4.1)."""
_drawn: list[str] = []
"""Random digits, for an id each: the kernel is asked once for many."""
os.register_at_fork(after_in_child=_drawn.clear)  # else the child's ids would be the parent's


def new_id() -> str:
    """A UUIDv7: ids made later sort after those made before, to the millisecond."""
    try:
        random = _drawn.pop()
    except IndexError:
        random, *more = _draw()
        _drawn.extend(more)
    time = f"{time_ns() // 1_000_000:012x}"
    return f"{time[:8]}-{time[8:]}-7{random[:3]}-{_VARIANT[random[3]]}{random[4:7]}-{random[7:19]}"


def _draw() -> list[str]:
    digits = os.urandom(10 * _AT_ONCE).hex()
    return [digits[at : at + 20] for at in range(0, len(digits), 20)]


def is_acceptable(offered: str) -> bool:
    """Whether a caller's id may be taken over: short, and of letters, digits, dots, dashes and underscores."""
    return _ACCEPTABLE.fullmatch(offered) is not None


def trace_of(traceparent: str) -> str:
    """The trace's id in a traceparent header (W3C Trace Context, section 3.2); empty when that cannot be read."""
    found = _TRACEPARENT.fullmatch(traceparent.strip(" \t"))
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return ""
    return found[2] if found[2].strip("0") and found[3].strip("0") else ""


class WithRequestId(logging.Filter):
    """Gives every record of `logging` the attributes `request_id` and `trace_id`, `-` outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything pass."""
        record.request_id = request_id.get() or "-"
        record.trace_id = trace_id.get() or "-"
        return True
