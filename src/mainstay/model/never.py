"""`assert_never` without importing `typing` at run time, which would cost the daemon 1.5 MB."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never


def assert_never(value: "Never") -> "Never":
    """Close a `match`: mypy proves that this is not reached; at run time it says what got here."""
    raise AssertionError(f"not expected here: {value!r}")
