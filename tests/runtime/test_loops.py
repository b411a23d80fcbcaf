"""The event loop."""

import sys

import pytest
import uvloop

from mainstay.runtime.loops import loop_factory


def test_uvloop_is_used_where_it_is_installed() -> None:
    assert loop_factory() is uvloop.new_event_loop


def test_asyncios_own_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)

    loop = loop_factory()()

    assert type(loop).__module__.startswith("asyncio")
    loop.close()
