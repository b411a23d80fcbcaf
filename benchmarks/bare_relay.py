"""The least that can be done with a program's output: read it from a pipe, write it to a file. Nothing may be faster.

`python bare_relay.py FILE PROGRAM ARGUMENT...` starts the program, and goes on until it ends.
"""

import fcntl
import os
import subprocess
import sys

BUFFER = 256 * 1024
PIPE = 1024 * 1024
F_SETPIPE_SZ = 1031


def relay(source: int, target: int) -> None:
    """Everything from one descriptor to the other, through one buffer that is used again and again."""
    view = memoryview(bytearray(BUFFER))
    while size := os.readv(source, [view]):
        written = 0
        while written < size:
            written += os.write(target, view[written:size])


def main() -> None:
    """Start the program, and carry what it writes."""
    target = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    with subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        fcntl.fcntl(program.stdout.fileno(), F_SETPIPE_SZ, PIPE)
        relay(program.stdout.fileno(), target)


if __name__ == "__main__":
    main()
