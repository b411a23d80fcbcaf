"""Write numbered lines to stdout as fast as it takes them, then wait to be stopped.

`log_writer.py LINES line|block REPORT`: `line` writes each line by itself, `block` 640 lines at a time. The seconds
the writing took (monotonic start and end) go into the file REPORT, which appears only when everything is written.
"""

import os
import signal
import sys
import time

LINE_LENGTH = 100
BLOCK_LINES = 640


def line(number: int) -> bytes:
    """A line of 100 bytes that carries its number."""
    return b"%08d " % number + b"." * (LINE_LENGTH - 10) + b"\n"


def write_all(view: memoryview) -> None:
    """Write `view` to stdout, however often the kernel takes only a part."""
    while view:
        view = view[os.write(1, view) :]


def main() -> None:
    """Write, report, wait."""
    lines, step, report = int(sys.argv[1]), BLOCK_LINES if sys.argv[2] == "block" else 1, sys.argv[3]
    # Made before the clock starts: it is not to be measured how fast this program can format.
    text = memoryview(b"".join(map(line, range(lines))))
    start = time.monotonic()
    for first in range(0, len(text), step * LINE_LENGTH):
        write_all(text[first : first + step * LINE_LENGTH])
    with open(report + ".part", "w") as file:
        file.write(f"{start} {time.monotonic()}")
    os.replace(report + ".part", report)
    signal.pause()


main()
