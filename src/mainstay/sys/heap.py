"""The holes in the C library's heap: filled, so that what a fork allocates comes to lie in pages of its own.

What was allocated and given back during an import leaves some hundred holes. A child allocates into them, and each
makes it copy a page that it would otherwise share with its parent for ever.
"""

import sys

# The fields of mallinfo2(3). fordblks: all that is free, with keepcost, the end of the heap.
_MALLINFO = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks"),
    *("fordblks", "keepcost"),
)
_CACHED = 256 * 1024  # more than glibc keeps aside for one thread, which it does not count as free
_STEPS = (*range(32 * 1024, 1024, -512), *range(1032, 16, -16))
"""Sizes from large to small: what one leaves of a hole is filled by the next. The last is malloc's smallest."""


def fill_holes() -> int:
    """Allocate every hole of the heap, for good; how many bytes. 0 where malloc is not glibc's, or older than 2.33."""
    if sys.platform != "linux":
        return 0
    try:
        import ctypes  # here, as most processes of ours never need it (300 kB)
    except ImportError:  # a Python may be built without it, and one that changed its user may not read it
        return 0

    class Mallinfo(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO)

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return 0
    libc.mallinfo2.restype = Mallinfo
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    libc.free.argtypes, libc.free.restype = (ctypes.c_void_p,), None
    info, filled = libc.mallinfo2(), 0
    most = info.fordblks - info.keepcost + _CACHED
    for size in _STEPS:
        while filled < most:
            end = libc.mallinfo2().keepcost
            block = libc.malloc(size)
            if block is None or libc.mallinfo2().keepcost != end:  # from the end of the heap: no hole is this large
                libc.free(block)
                break
            filled += size
    return filled
