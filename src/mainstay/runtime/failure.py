"""How a failure of the user's code is told: the whole traceback without our own frames, and one line of it."""

import importlib
import os
import sys
import traceback

OUR_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def in_one_line(error: BaseException) -> str:
    """Such as "ModuleNotFoundError: No module named 'shop'": the kind and the first line of the text."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    lines = str(error).strip().splitlines()
    kind = type(error).__qualname__
    return f"{kind}: {lines[0]}" if lines else kind


def where(error: BaseException) -> str:
    """The innermost place in the user's code, "shop/main.py line 3" as seen from here, or "" when there is none."""
    frames = their_frames(traceback.extract_tb(error.__traceback__))
    if not frames:
        return ""
    file = os.path.relpath(frames[-1].filename)
    return f"{frames[-1].filename if file.startswith('..') else file} line {frames[-1].lineno}"


def their_frames(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """`frames` without ours and without those of the import system."""
    return [frame for frame in frames if not _is_ours(frame.filename)]


def print_traceback(error: BaseException) -> None:
    """Write the traceback of `error`, its causes and what it was raised during to stderr, without our own frames."""
    report = traceback.TracebackException.from_exception(error)
    todo: list[traceback.TracebackException | None] = [report]
    while todo:
        part = todo.pop()
        if part is not None:
            part.stack = traceback.StackSummary.from_list(their_frames(part.stack))
            todo += [part.__cause__, part.__context__, *(part.exceptions or ())]
    sys.stderr.write("".join(report.format()))
    sys.stderr.flush()


def _is_ours(filename: str) -> bool:
    return filename.startswith((OUR_FOLDER, "<frozen importlib")) or filename == importlib.__file__
