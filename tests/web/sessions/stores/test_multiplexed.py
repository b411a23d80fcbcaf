"""One connection for all tasks of a loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.multiplexed import Multiplexed
from mainstay.web.sessions.stores.resp import Reply, encode
from mainstay.web.sessions.stores.wire import Garbled, Limits, TimedOut
from tests.web.sessions.stores.slow_server import SlowServer, echo

Use = Callable[[Multiplexed[Reply]], Awaitable[None]]
QUICK = Limits(timeout=0.1, connect_timeout=0.5)


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest, slow: SlowServer) -> Callable[[Use, Limits | None], None]:
    """Use a connection to the server in a loop of its own."""

    def with_connection(use: Use, limits: Limits | None = None) -> None:
        async def work() -> None:
            connection = Multiplexed(slow.server(limits), asyncio.get_running_loop())
            try:
                await use(connection)
            finally:
                await connection.close()

        (uvloop.run if request.param == "uvloop" else asyncio.run)(work())

    return with_connection


Run = Callable[..., None]


def get(word: bytes) -> bytes:
    """A command."""
    return encode((b"GET", word))


def test_each_task_gets_its_own_reply_over_one_connection(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        words = [b"%d" % number for number in range(500)]

        assert await asyncio.gather(*(connection.call(get(word)) for word in words)) == words

    run(use)
    assert len(slow.connections) == 1


def test_the_reply_to_a_cancelled_task_is_nobody_elses(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        cancelled = asyncio.ensure_future(connection.call(get(b"cancelled")))
        await asyncio.sleep(0)
        cancelled.cancel()

        assert await connection.call(get(b"mine")) == b"mine"
        assert cancelled.cancelled()

    run(use)
    assert [command[-1] for command in slow.commands] == [b"connected", b"cancelled", b"mine"]


def test_silence_ends_in_time_and_with_a_new_connection(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        slow.answer = lambda _command: b"HANG"
        loop = asyncio.get_running_loop()
        begun = loop.time()
        failed = await asyncio.gather(*(connection.call(get(b"x")) for _ in range(20)), return_exceptions=True)
        took = loop.time() - begun
        slow.answer = echo

        assert {type(error) for error in failed} == {TimedOut}
        assert 0.09 < took < 1.0
        assert await connection.call(get(b"again")) == b"again"

    run(use, QUICK)
    assert len(slow.connections) == 2


def test_one_late_reply_among_others_costs_no_connection(run: Run, slow: SlowServer) -> None:
    """While the server says something it is slow, not dead."""

    async def use(connection: Multiplexed[Reply]) -> None:
        slow.answer = lambda command: b"" if command[-1] == b"late" else b"$4\r\nlate\r\n" + echo(command)
        late = asyncio.ensure_future(connection.call(get(b"late")))
        await asyncio.sleep(0.05)

        assert await connection.call(get(b"next")) == b"next"
        assert await late == b"late"

    run(use, Limits(timeout=2, connect_timeout=2))
    assert len(slow.connections) == 1


def test_a_command_whose_connection_broke_is_sent_once_more(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        slow.answer = lambda command: b"BYE" if len(slow.commands) == 2 else echo(command)

        assert await connection.call(get(b"again")) == b"again"

    run(use)
    assert [command[-1] for command in slow.commands] == [b"connected", b"again", b"again"]


def test_a_server_that_always_hangs_up_is_an_error_in_time(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        slow.answer = lambda _command: b"BYE"

        with pytest.raises(StoreError, match=r"Redis at 127\.0\.0\.1:\d+ closed the connection"):
            await connection.call(get(b"x"))

    run(use)
    assert len(slow.commands) == 3


@pytest.mark.parametrize("said", [b"HTTP/1.1 400\r\n", b":1\r\n:2\r\n"])
def test_nonsense_ends_the_connection_for_all(run: Run, slow: SlowServer, said: bytes) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        slow.answer = lambda _command: said

        (first,) = await asyncio.gather(connection.call(get(b"x")), return_exceptions=True)
        slow.answer = echo

        assert isinstance(first, Garbled) or first == 1
        assert await connection.call(get(b"new")) == b"new"

    run(use)
    assert len(slow.connections) == 2


def test_a_server_that_is_behind_takes_no_more(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        slow.answer = lambda _command: b""
        calls = [asyncio.ensure_future(connection.call(get(b"x"))) for _ in range(10)]
        await asyncio.sleep(0)

        with pytest.raises(StoreError, match="is behind: 10 commands wait"):
            await connection.call(get(b"one too many"))
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)

    run(use, Limits(timeout=20, connect_timeout=20, most_waiting=10))


def test_closing_tells_those_who_wait_and_a_later_call_connects_again(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        slow.answer = lambda _command: b""
        waiting = asyncio.ensure_future(connection.call(get(b"x")))
        await asyncio.sleep(0)
        await connection.close()
        slow.answer = echo

        with pytest.raises(StoreError, match="the store was closed"):
            await waiting
        assert await connection.call(get(b"new")) == b"new"

    run(use)


def test_closing_while_it_connects_tells_those_who_wait(run: Run) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        waiting = asyncio.ensure_future(connection.call(get(b"x")))
        await asyncio.sleep(0)
        await connection.close()

        with pytest.raises(StoreError, match="the store was closed while it connected"):
            await waiting

    run(use)


def test_who_is_cancelled_while_it_connects_takes_nothing_from_the_others(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        first = asyncio.ensure_future(connection.call(get(b"first")))
        second = asyncio.ensure_future(connection.call(get(b"second")))
        await asyncio.sleep(0)
        first.cancel()

        assert await second == b"second"
        assert first.cancelled()

    run(use)
    assert len(slow.connections) == 1


def test_an_unreachable_server_is_left_alone_for_a_moment(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        failed = await asyncio.gather(*(connection.call(get(b"x")) for _ in range(50)), return_exceptions=True)

        assert {type(error) for error in failed} == {StoreError}
        assert len({id(error) for error in failed}) == 50
        assert "cannot reach Redis at 127.0.0.1" in str(failed[0])

    slow.close()
    run(use)


def test_a_loop_that_was_busy_reads_before_it_calls_a_reply_late(run: Run, slow: SlowServer) -> None:
    async def use(connection: Multiplexed[Reply]) -> None:
        await connection.call(get(b"connected"))
        call = asyncio.ensure_future(connection.call(get(b"x")))
        while len(slow.commands) < 2:
            await asyncio.sleep(0.001)
        busy_until = asyncio.get_running_loop().time() + 0.3
        while asyncio.get_running_loop().time() < busy_until:
            pass

        assert await call == b"x"

    run(use, QUICK)
