"""The files of one log: rotated ones are shifted, pruned and looked up by name. No contents are read here."""

import contextlib
import os

from mainstay.model.log_file import COMPRESSED, index_path, rotated_number, rotated_path


def rotated(path: str) -> list[tuple[int, bool]]:
    """The rotated files of a log that exist, as (number, compressed), the oldest first."""
    folder, base = os.path.split(path)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    found = ((rotated_number(base, name), name.endswith(COMPRESSED)) for name in names)
    return sorted(((number, gz) for number, gz in found if number is not None), reverse=True)


def shift(path: str, keep: int) -> None:
    """Make room for the current file as number 1 and move it there; what exceeds `keep` is deleted.

    Each index moves before its log. A crash in between leaves a gap in the numbers, which nobody minds. Raises OSError.
    """
    for number, gz in rotated(path):
        if number >= keep:
            _delete(path, number, gz)
        else:
            _rename(path, number, gz)
    if keep > 0:
        with contextlib.suppress(FileNotFoundError):
            os.rename(index_path(path), index_path(rotated_path(path, 1)))
        os.rename(path, rotated_path(path, 1))
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(index_path(path))
        os.unlink(path)


def prune(path: str, keep: int) -> None:
    """Delete the rotated files beyond `keep`. Raises OSError."""
    for number, gz in rotated(path):
        if number > keep:
            _delete(path, number, gz)


def plain_number(path: str, inode: int) -> int | None:
    """Under which number the uncompressed rotated file with this inode stands now; None when it is gone."""
    for number, gz in rotated(path):
        if not gz:
            with contextlib.suppress(FileNotFoundError):
                if os.stat(rotated_path(path, number)).st_ino == inode:
                    return number
    return None


def _delete(path: str, number: int, gz: bool) -> None:
    name = rotated_path(path, number)
    for victim in (index_path(name), name + COMPRESSED if gz else name):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(victim)


def _rename(path: str, number: int, gz: bool) -> None:
    old, new = rotated_path(path, number), rotated_path(path, number + 1)
    suffix = COMPRESSED if gz else ""
    with contextlib.suppress(FileNotFoundError):
        os.rename(index_path(old), index_path(new))
    os.rename(old + suffix, new + suffix)
