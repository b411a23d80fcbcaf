"""What a browser sees of sessions while their store is down or hangs."""

import asyncio

import pytest

from mainstay.web.sessions import SessionUnavailable
from tests.web.sessions.browser import app_of, run, site
from tests.web.sessions.failing import FailingStore
from tests.web.sessions.test_asgi import count, look


def test_a_store_that_is_down_makes_a_503_that_says_when_to_come_again() -> None:
    store = FailingStore()
    browser = site(count, store=store)
    run(browser.get())
    store.down = True

    response = run(browser.get())

    assert response.status == 503
    assert response.all("retry-after") == ["2"]
    assert response.all("cache-control") == ["no-store"]
    assert browser.cookies.header()


def test_a_store_that_fails_when_the_session_is_stored_makes_a_503() -> None:
    store = FailingStore(down=True)

    response = run(site(count, store=store).get())

    assert response.status == 503
    assert response.body.startswith(b"Service Unavailable")
    assert response.set_cookie is None


def test_a_store_that_hangs_costs_no_more_than_the_time_limit() -> None:
    async def work() -> tuple[int, float]:
        store = FailingStore()
        browser = site(count, store=store, timeout=0.05)
        await browser.get()
        store.hangs = True
        started = asyncio.get_running_loop().time()
        response = await browser.get()
        return response.status, asyncio.get_running_loop().time() - started

    status, took = run(work())

    assert status == 503
    assert took < 1


def test_anonymous_requests_go_on_without_the_store_and_may_not_write() -> None:
    store = FailingStore()
    browser = site(count, store=store, on_store_error="anonymous")
    run(browser.get())
    store.down = True
    browser.app.app = app_of(look)

    response = run(browser.get())

    assert (response.status, response.body) == (200, b"None")
    browser.app.app = app_of(count)
    with pytest.raises(SessionUnavailable, match="store is down"):
        run(browser.get())
    store.down = False
    assert run(browser.get()).body == b"2"
