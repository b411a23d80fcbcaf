"""What a session store says to a database: without one."""

import asyncio
import logging
from collections.abc import Mapping

import pytest
from sqlalchemy import Executable, MetaData

from mainstay.web.sessions.store import Conflict, StoreError
from mainstay.web.sessions.stores.sql_entries import AlreadyThere, Outcome, SQLEntries
from mainstay.web.sessions.stores.sql_statements import Statements
from mainstay.web.sessions.stores.sql_tables import session_tables


class Scripted:
    """An executor that returns, or raises, what it is told to, and remembers the parameters."""

    where = "postgresql database shop at db:5432"

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Mapping[str, object]] = []

    async def run(self, _statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        """The next outcome."""
        self.asked.append(parameters)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def create(self) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""


def entries(executor: Scripted, dialect: str = "postgresql") -> SQLEntries:
    """The store over it, at 1000 seconds since 1970."""
    statements = Statements(session_tables(MetaData()), dialect)
    return SQLEntries(executor, statements, 0, clock=lambda: 1000.0)


@pytest.mark.parametrize(("left", "statements"), [(60.0, 1), (31.0, 1), (29.0, 2), (1.0, 2), (60.5, 1), (3600.0, 2)])
def test_a_time_to_live_is_renewed_when_under_half_is_left_or_far_too_much(left: float, statements: int) -> None:
    row = (b"data", 7, int((1000 + left) * 1000))
    executor = Scripted(Outcome([row]), Outcome(changed=1))

    asyncio.run(entries(executor).get("key", 60))

    assert len(executor.asked) == statements


def test_each_version_is_new_and_fits_into_a_signed_column() -> None:
    versions = [asyncio.run(entries(Scripted(Outcome([(1,)]))).put("key", b"", 1, None)) for _ in range(50)]

    assert len(set(versions)) == 50
    assert all(isinstance(version, int) and 0 <= version < 2**63 for version in versions)


@pytest.mark.parametrize(("there", "gone"), [([(b"other", 8, 2_000_000)], False), ([], True)])
def test_a_change_that_finds_nothing_says_why(there: list[tuple[object, ...]], gone: bool) -> None:
    executor = Scripted(Outcome(changed=0), Outcome(there))

    with pytest.raises(Conflict) as caught:
        asyncio.run(entries(executor).put("key", b"", 1, 7))
    assert caught.value.gone is gone


@pytest.mark.parametrize(("dialect", "expected"), [("postgresql", 7), ("postgresql", None), ("mysql", None)])
def test_a_write_sent_twice_recognises_itself(dialect: str, expected: int | None) -> None:
    class Twice(Scripted):
        async def run(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
            if "version" in parameters:
                self.outcomes[-1] = Outcome([(b"mine", parameters["version"], 2_000_000)])
            return await super().run(statement, parameters)

    refused = [AlreadyThere(), Outcome(changed=0)] if dialect == "mysql" else [Outcome(changed=0)]

    version = asyncio.run(entries(Twice(*refused, Outcome()), dialect).put("key", b"mine", 1, expected))

    assert isinstance(version, int)


def test_where_there_is_no_upsert_an_expired_row_is_replaced() -> None:
    free = Scripted(AlreadyThere(), Outcome(changed=1))
    taken = Scripted(AlreadyThere(), Outcome(changed=0), Outcome([(b"other", 8, 2_000_000)]))

    asyncio.run(entries(free, "mysql").put("key", b"", 1, None))
    with pytest.raises(Conflict):
        asyncio.run(entries(taken, "mysql").put("key", b"", 1, None))


def test_a_link_that_another_process_adds_meanwhile_is_renewed() -> None:
    executor = Scripted(Outcome(changed=0), AlreadyThere(), Outcome(changed=1))

    asyncio.run(entries(executor).link("user", "key", 60))

    assert executor.outcomes == []


def test_a_write_does_not_fail_when_what_has_expired_cannot_be_deleted(caplog: pytest.LogCaptureFixture) -> None:
    statements = Statements(session_tables(MetaData()), "postgresql")
    times = iter([0.0, *[100.0] * 10])
    store = SQLEntries(Scripted(Outcome([(1,)]), StoreError("down")), statements, 50, clock=lambda: next(times))

    with caplog.at_level(logging.WARNING):
        asyncio.run(store.put("key", b"", 1, None))

    assert "expired sessions were not deleted: down" in caplog.text


def test_a_version_of_another_store_is_refused() -> None:
    with pytest.raises(TypeError, match="no version of a SQL store"):
        asyncio.run(entries(Scripted()).put("key", b"", 1, b"12345678"))
