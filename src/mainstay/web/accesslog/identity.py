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
_VERSION_7 = 0x7000_8000_0000_0000_0000
_RANDOM = 0x0FFF_3FFF_FFFF_FFFF_FFFF


def new_id() -> str:
    """A UUIDv7: ids made later sort after those made before, to the millisecond."""
    random = int.from_bytes(os.urandom(10)) & _RANDOM
    digits = f"{(time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | _VERSION_7 | random:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


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
