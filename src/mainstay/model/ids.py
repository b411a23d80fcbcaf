"""Names of places and processes: `web-0` is a slot, `web-0@7` the worker of that slot in generation 7."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SlotId:
    """A numbered place in an app."""

    app: str
    index: int

    def __str__(self) -> str:
        return f"{self.app}-{self.index}"


@dataclass(frozen=True, slots=True, order=True)
class WorkerId:
    """A process in a slot. `serial` tells apart the workers that one generation had in one slot, one after another."""

    slot: SlotId
    generation: int
    serial: int

    def __str__(self) -> str:
        return f"{self.slot}@{self.generation}"

    @property
    def token(self) -> str:
        """A string that no other worker of this daemon has."""
        return f"{self.slot}@{self.generation}.{self.serial}"
