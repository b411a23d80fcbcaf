"""The pages of programs and libraries that a process has mapped: given back where it will hardly need them again.

They stay in the kernel's page cache, and come back from there when they are touched.
"""

import re
import sys

_HEADER = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+)")
_DONTNEED = 4


def let_go_of_libraries() -> int:
    """Unmap the pages of read-only file mappings; how many bytes were let go of. 0 where that is not possible."""
    if sys.platform != "linux":
        return 0
    try:
        with open("/proc/self/smaps") as file:
            areas = clean_areas(file.read())
        import ctypes  # here, as most processes of ours never need it (300 kB)
    except (OSError, ImportError):  # a Python may be built without it, and one that changed its user may not read it
        return 0
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(size for start, size in areas if libc.madvise(start, size, _DONTNEED) == 0)


def clean_areas(smaps: str) -> list[tuple[int, int]]:
    """Start and size of the mappings of /proc/PID/smaps that hold nothing but what is in their files.

    A page that was written to, such as the ones the loader relocated before it made them read-only, is counted as
    anonymous; it would be lost.
    """
    areas: list[tuple[int, int]] = []
    header = None
    for line in smaps.splitlines():
        header = _HEADER.match(line) or header
        if header and line.startswith("Anonymous:") and line.split()[1] == "0":
            start, end = int(header[1], 16), int(header[2], 16)
            if header[3] in ("r-xp", "r--p") and header[4] != "0":
                areas.append((start, end - start))
    return areas
