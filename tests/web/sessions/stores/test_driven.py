"""A blocking store out of one whose calls never suspend."""

from mainstay.web.sessions.conformance import SyncStoreConformance
from mainstay.web.sessions.stores.driven import Driven
from mainstay.web.sessions.stores.memory import MemoryStore


class TestDriven(SyncStoreConformance):
    shortest = 0.05

    def make_store(self) -> Driven:
        return Driven(MemoryStore())


def test_it_names_what_it_drives() -> None:
    assert "MemoryStore" in repr(Driven(MemoryStore())) or "Memory" in repr(Driven(MemoryStore()))
