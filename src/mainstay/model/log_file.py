"""What lies beside a log file, and its format: the contract between capture, which writes, and the client, which reads.

`web-0.out.log` is the current file; `web-0.out.log.1` (or `.1.gz`) is the newest rotated one, and so on. Each has a
time index, `web-0.out.log.times`, `web-0.out.log.1.times`: a header and records, each an offset into the (plain) log
and the time at which what stands from there on was read from the app. A reader opens the log, then its index; the
writer renames the index first: so an index is at times missed, and never taken for another file's.
"""

import struct

INDEX_HEADER = b"mainstay times 1"
RECORD = struct.Struct("<QQ")
"""Offset (bytes), time (ns since the epoch). Both never decrease from one record to the next."""

COMPRESSED = ".gz"
UNFINISHED = ".gz.tmp"


def index_path(path: str) -> str:
    """The time index of a current or (plain name, without `.gz`) rotated log file."""
    return path + ".times"


def rotated_path(path: str, number: int) -> str:
    """The plain name of a rotated file; 1 is the newest."""
    return f"{path}.{number}"


def rotated_number(base: str, name: str) -> int | None:
    """Which rotated file of `base` (file names without a folder) `name` is, plain or compressed; None when neither."""
    if not name.startswith(base + "."):
        return None
    number = name[len(base) + 1 :].removesuffix(COMPRESSED)
    return int(number) if number.isascii() and number.isdigit() and number[0] != "0" else None
