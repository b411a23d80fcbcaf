"""Reads the .env files of `-f`."""

from __future__ import annotations

from mainstay.config.dotenv import DotenvError, parse
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def variables_of(path: str, known: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Name -> (value, FILE:LINE). Raises MainstayError: a file that was asked for must be there and be readable."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            found = parse(file.read(), known)
    except OSError as error:
        hint = "-f takes one file; write it once for each" if "," in path else ""
        raise MainstayError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", hint=hint) from error
    except DotenvError as error:
        raise MainstayError(f"{path}:{error.line}: {error.text}", hint=error.hint) from error
    if "APP_ENV" in found:
        raise MainstayError(
            f"{path}:{found['APP_ENV'][1]}: APP_ENV may not be set here: a file cannot know where it runs",
            hint="`mainstay run APP_ENV=NAME ...` says it",
        )
    return {name: (value, f"{path}:{line}") for name, (value, line) in found.items()}
