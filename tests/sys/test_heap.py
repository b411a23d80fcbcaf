"""Holes in the heap are filled, and the process goes on allocating."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).parents[2] / "src")
CODE = """
import ctypes
from mainstay.sys.heap import fill_holes

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
blocks = [libc.malloc(2000) for _ in range(400)]
holes = blocks[::2]
for block in holes:
    libc.free(block)
filled = fill_holes()
assert filled >= 200 * 1500, filled
later = [libc.malloc(2000) for _ in range(200)]
print(len(set(later) & set(holes)), fill_holes() < filled)
"""


def _has_glibc() -> bool:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return False
    return version.startswith("glibc") and tuple(map(int, version.split()[1].split("."))) >= (2, 33)


@pytest.mark.skipif(not _has_glibc(), reason="fills the holes of glibc's heap")
def test_what_is_allocated_later_lies_outside_the_holes() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], env={"PYTHONPATH": SOURCE}, capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("0 True\n", "")
