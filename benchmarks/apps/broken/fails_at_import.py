"""A release whose import fails."""

raise RuntimeError("this release does not import")
