"""Where the variables come from that a value of a .env file names, in the dialects that expand any."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Known:
    """What is set when a file is read.

    `fixed` is what the file cannot change, as an environment that wins over it; `before` is what it can. Both empty:
    the file stands for itself.
    """

    before: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the values: some are passwords."""
        return f"<Known: {len(self.before)} before, {len(self.fixed)} fixed>"

    def get(self, name: str, above: Mapping[str, str | None]) -> str | None:
        """The value of a variable, None when there is none. `above`: what the file has said so far."""
        if name in self.fixed:
            return self.fixed[name]
        if name in above:
            return above[name]
        return self.before.get(name)
