"""Which connection belongs to the running loop."""

import asyncio
import gc
import os

import pytest

from mainstay.web.sessions.stores.per_loop import PerLoop
from mainstay.web.sessions.stores.resp import Reply, encode
from tests.web.sessions.stores.slow_server import SlowServer


@pytest.fixture
def loops() -> PerLoop[Reply]:
    return PerLoop(SlowServer().server())


async def call(loops: PerLoop[Reply]) -> Reply:
    """Ask something."""
    return await loops.here().call(encode((b"GET", b"word")))


def test_a_loop_keeps_its_connection(loops: PerLoop[Reply]) -> None:
    async def use() -> bool:
        return loops.here() is loops.here()

    assert asyncio.run(use())


def test_another_loop_gets_another_and_ended_ones_are_forgotten(loops: PerLoop[Reply]) -> None:
    async def here() -> object:
        return loops.here()

    made = [asyncio.run(here()) for _ in range(5)]

    assert len({id(one) for one in made}) == 5
    assert repr(loops).endswith("1 loops)")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the loops end without a word to the store
def test_loops_that_end_without_closing_leave_no_descriptors(loops: PerLoop[Reply]) -> None:
    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    asyncio.run(call(loops))
    asyncio.run(call(loops))
    before = count()

    for _ in range(10):
        asyncio.run(call(loops))

    assert count() <= before + 2 * 10  # the server's ends, and no more than one of ours
    assert repr(loops).endswith("1 loops)")


def test_a_child_of_a_fork_knows_of_none(loops: PerLoop[Reply]) -> None:
    asyncio.run(call(loops))
    child = os.fork()
    if child == 0:
        os._exit(0 if repr(loops).endswith("0 loops)") else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert repr(loops).endswith("1 loops)")


def test_closing_ends_only_this_loops(loops: PerLoop[Reply]) -> None:
    async def use() -> None:
        await call(loops)
        await loops.close()
        await loops.close()
        assert repr(loops).endswith("0 loops)")

    asyncio.run(use())
