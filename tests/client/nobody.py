"""Acting as somebody who may write nowhere: root becomes the user nobody for a while; everyone else needs not."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def place_for_nobody() -> Iterator[str]:
    """A folder that anybody may enter. Only its owner may write to it."""
    folder = tempfile.mkdtemp(prefix="ms-")
    os.chmod(folder, 0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def as_nobody() -> Iterator[bool]:
    """Without the powers of root; whether we are another user meanwhile than the one who made the files."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield is_root
    finally:
        if is_root:
            os.seteuid(0)
