"""Engines after a fork: the child gives up the connections it was copied with, which its parent goes on using.

Two processes on one connection get each other's answers. Nothing is closed in the child: closing tells the server, and
would end the connection for the parent too. See SQLAlchemy, "Using Connection Pools with Multiprocessing".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from sqlalchemy import Engine

_engines: WeakSet[Engine] = WeakSet()


def watch(engine: Engine) -> None:
    """From here on, each fork gives the child a new, empty pool. Takes the `sync_engine` of an asynchronous one."""
    _register()
    _engines.add(engine)


def _give_up_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


_registered = False


def _register() -> None:
    """Once for each process, and only in one that has an engine."""
    global _registered
    if not _registered:
        _registered = True
        os.register_at_fork(after_in_child=_give_up_connections)
