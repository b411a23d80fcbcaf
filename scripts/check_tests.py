"""Check the house rules that can be counted: each source file has its test, files stay short, names say something.

    python scripts/check_tests.py [ROOT]

Exit code 1 and one line for each breach. Knows nothing of mainstay but its folders: src/mainstay/x/y.py is tested by
tests/x/test_y.py.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 500
SAYING_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "handlers", "misc"}
WITHOUT_TEST = {"__init__.py", "__main__.py"}


def python_files(folder: Path) -> list[Path]:
    """Every Python file below `folder`."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def missing_tests(root: Path) -> Iterator[str]:
    """Source files without a test."""
    source = root / "src" / "mainstay"
    for path in python_files(source):
        name = path.relative_to(source)
        test = root / "tests" / name.parent / f"test_{name.name}"
        if path.name not in WITHOUT_TEST and not test.exists():
            yield f"{path.relative_to(root)}: has no {test.relative_to(root)}"


def long_files(root: Path) -> Iterator[str]:
    """Files that should have become two."""
    for path in ours(root):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            yield f"{path.relative_to(root)}: {lines} lines, at most {MOST_LINES}"


def empty_names(root: Path) -> Iterator[str]:
    """Files and folders whose names say nothing about what they hold."""
    for path in ours(root):
        for part in path.relative_to(root).with_suffix("").parts:
            if part.removeprefix("test_") in SAYING_NOTHING:
                yield f"{path.relative_to(root)}: {part!r} says nothing about what is in it"


def ours(root: Path) -> list[Path]:
    """The Python files that the rules are for."""
    folders = ("src", "tests", "scripts", "benchmarks", "examples")
    return [path for folder in folders for path in python_files(root / folder)]


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    root = Path(arguments[0] if arguments else ".").resolve()
    breaches = [*missing_tests(root), *long_files(root), *empty_names(root)]
    print(*breaches, sep="\n", end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
