"""Which connection belongs to the event loop that runs now. After a fork the child begins with none of its parent's."""

import asyncio
import os
import weakref
from typing import Generic, TypeVar

from mainstay.web.sessions.stores.multiplexed import Multiplexed
from mainstay.web.sessions.stores.wire import Server

R = TypeVar("R")

_everyone: "weakref.WeakSet[PerLoop[object]]" = weakref.WeakSet()


class PerLoop(Generic[R]):
    """One Multiplexed connection for each event loop that asks: an app may run several, in threads or one by one."""

    def __init__(self, server: Server[R]) -> None:
        self.server = server
        self._all: dict[asyncio.AbstractEventLoop, Multiplexed[R]] = {}
        _everyone.add(self)  # type: ignore[arg-type]  # a set of any kind of them

    def __repr__(self) -> str:
        return f"PerLoop({self.server}, {len(self._all)} loops)"

    def here(self) -> Multiplexed[R]:
        """The connection of the running loop."""
        loop = asyncio.get_running_loop()
        found = self._all.get(loop)
        if found is None:
            for other in [other for other in list(self._all) if other.is_closed()]:
                self._all.pop(other, None)
            found = self._all[loop] = Multiplexed(self.server, loop)
        return found

    async def close(self) -> None:
        """Close this loop's connection. Those of other loops are theirs to close."""
        connection = self._all.pop(asyncio.get_running_loop(), None)
        if connection is not None:
            await connection.close()

    def forget(self) -> None:
        """Know of no connection any more, without a word to the server: they are the parent process's."""
        self._all = {}


def _forget_all() -> None:
    for one in list(_everyone):
        one.forget()


os.register_at_fork(after_in_child=_forget_all)
