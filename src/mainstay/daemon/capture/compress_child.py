"""Run as a script: gzip descriptor 0 into descriptor 1, then say `k` on descriptor 2. Imports nothing of ours."""

import contextlib
import os
import zlib

CHUNK = 256 * 1024
GZIP = 31
"""zlib's way to ask for a gzip header, with the widest window."""


def compress(source: int, target: int) -> bool:
    """Stream one file into the other; False when the source was deleted meanwhile: then nobody wants the result."""
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    while data := os.read(source, CHUNK):
        if os.fstat(source).st_nlink == 0:
            return False
        _write(target, packer.compress(data))
    _write(target, packer.flush())
    return True


def _write(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def main() -> None:
    """As politely as can be; any failure is silence."""
    os.nice(19)
    with contextlib.suppress(OSError):
        if compress(0, 1):
            os.write(2, b"k")


if __name__ == "__main__":
    main()
