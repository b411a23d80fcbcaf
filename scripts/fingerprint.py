"""Print one hash over the names and contents of the files and folders given, for "has anything changed?"."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path


def files(path: Path) -> Iterator[Path]:
    """`path` itself, or every file below it that a person wrote, in a fixed order."""
    if path.is_file():
        yield path
    for child in sorted(path.rglob("*")):
        if child.is_file() and "__pycache__" not in child.parts:
            yield child


def main() -> None:
    """The command."""
    total = hashlib.sha256()
    for argument in sys.argv[1:]:
        for file in files(Path(argument)):
            total.update(f"{file}\0{file.stat().st_size}\0".encode())
            total.update(file.read_bytes())
    print(total.hexdigest())


if __name__ == "__main__":
    main()
