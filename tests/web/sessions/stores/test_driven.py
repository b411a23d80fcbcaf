"""A blocking store out of one whose calls never suspend."""

import pytest

from mainstay.web.sessions.conformance import SyncStoreConformance
from mainstay.web.sessions.stores.driven import Driven
from mainstay.web.sessions.stores.memory import MemoryStore


class TestDriven(SyncStoreConformance):
    shortest = 0.05

    @pytest.fixture(autouse=True)
    def _memory(self) -> None:
        self.memory = MemoryStore()

    def make_store(self) -> Driven:
        return Driven(self.memory)


def test_it_names_what_it_drives() -> None:
    assert repr(Driven(MemoryStore())) == f"Driven({MemoryStore()!r})"
