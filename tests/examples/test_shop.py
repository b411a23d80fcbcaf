"""The shop, served by real processes on a real database file."""

import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.examples.serving import EXAMPLES, ended, listening_socket, start_asgi, until_it_answers, url_of

Shop = httpx.Client


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Generator[Shop]:
    database = tmp_path_factory.mktemp("shop") / "data" / "shop.db"
    listener = listening_socket()
    identity = {"MAINSTAY_APP": "web", "MAINSTAY_INSTANCE": "3"}
    server = start_asgi("shop.main:app", "shop", listener, SHOP_DATABASE=str(database), **identity)
    with listener, ended(server), Shop(base_url=url_of(listener), timeout=30) as client:
        until_it_answers(server, f"{url_of(listener)}/healthz")
        yield client


def stock(shop: Shop, slug: str) -> int:
    left: int = shop.get(f"/api/products/{slug}").json()["stock"]
    return left


def test_the_shelves_are_full(shop: Shop) -> None:
    products = shop.get("/api/products").json()

    assert len(products) == 12
    assert {"slug", "name", "cents", "stock"} <= products[0].keys()


def test_a_search_needs_every_word(shop: Shop) -> None:
    found = [product["slug"] for product in shop.get("/api/products", params={"q": "BRASS lamp"}).json()]

    assert found == ["brass-oil-lamp"]


def test_a_percent_sign_is_only_a_character_to_search_for(shop: Shop) -> None:
    assert shop.get("/api/products", params={"q": "%"}).json() == []


def test_an_order_takes_its_goods_from_the_shelf(shop: Shop) -> None:
    before = stock(shop, "bow-shackle")

    placed = shop.post("/api/orders", json={"customer": "Ada", "cart": {"bow-shackle": 2, "ditty-bag": 1}})

    assert placed.status_code == 201
    assert placed.json()["cents"] == 2 * 680 + 3600
    assert stock(shop, "bow-shackle") == before - 2
    assert shop.get(f"/api/orders/{placed.json()['id']}").json() == placed.json()


def test_an_order_that_cannot_be_filled_takes_nothing(shop: Shop) -> None:
    before = stock(shop, "tide-tables")

    refused = shop.post("/api/orders", json={"customer": "Ada", "cart": {"tide-tables": 1, "eight-day-clock": 999}})

    assert refused.status_code == 409
    assert "Eight-day clock" in refused.json()["detail"]
    assert stock(shop, "tide-tables") == before


@pytest.mark.parametrize("cart", [{}, {"bow-shackle": 0}, {"bow-shackle": -1}, {"bow-shackle": 10**9}])
def test_an_order_for_nothing_or_for_too_much_is_refused(shop: Shop, cart: dict[str, int]) -> None:
    assert shop.post("/api/orders", json={"customer": "Ada", "cart": cart}).status_code == 422


def test_an_unknown_product_is_named(shop: Shop) -> None:
    missing = shop.get("/api/products/parrot")

    assert missing.status_code == 404
    assert missing.json() == {"detail": "no product is called 'parrot'"}


def test_the_first_page_lists_the_products_and_says_who_served_it(shop: Shop) -> None:
    page = shop.get("/")

    assert page.status_code == 200
    assert page.text.count('<a class="card"') == 12
    assert f"served by web-3 (pid {shop.get('/whoami').json()['pid']})" in page.text


def test_the_form_of_a_product_leads_to_the_orders_page(shop: Shop) -> None:
    form = {"slug": "ditty-bag", "customer": "<Grace>", "quantity": "1"}

    page = shop.post("/orders", data=form, follow_redirects=True)

    assert page.url.path == "/orders"
    assert "&lt;Grace&gt;" in page.text
    assert "Thank you" in page.text


def test_a_refused_form_is_answered_with_a_page(shop: Shop) -> None:
    page = shop.post("/orders", data={"slug": "eight-day-clock", "customer": "Grace", "quantity": "500"})

    assert page.status_code == 409
    assert page.headers["content-type"].startswith("text/html")


def test_whoami_tells_the_worker(shop: Shop) -> None:
    who = shop.get("/whoami").json()

    assert (who["app"], who["instance"]) == ("web", "3")


def test_a_slow_answer_arrives(shop: Shop) -> None:
    assert shop.get("/slow", params={"seconds": 0.05}).json()["slept"] == 0.05


def test_the_websocket_says_back_what_it_is_told(shop: Shop) -> None:
    with connect(str(shop.base_url.copy_with(scheme="ws", path="/ws"))) as socket:
        socket.send("ahoy")

        assert socket.recv(timeout=30) == "ahoy"


def test_many_workers_that_start_at_once_fill_the_shelves_once(tmp_path: Path) -> None:
    listener = listening_socket()
    database = str(tmp_path / "new" / "shop.db")
    workers = [start_asgi("shop.main:app", "shop", listener, SHOP_DATABASE=database) for _ in range(4)]
    url = url_of(listener)

    with listener, ended(*workers):
        until_it_answers(workers[0], f"{url}/healthz")
        with ThreadPoolExecutor(16) as buyers:
            placed = list(buyers.map(lambda number: buy(url, f"buyer {number}"), range(60)))
        with Shop(base_url=url, timeout=30) as shop:
            left, products = stock(shop, "bow-shackle"), shop.get("/api/products").json()

        assert all(worker.poll() is None for worker in workers)
        assert placed == [201] * 60
        assert (left, len(products)) == (240, 12)


def buy(url: str, customer: str) -> int:
    order = {"customer": customer, "cart": {"bow-shackle": 1}}
    return httpx.post(f"{url}/api/orders", json=order, timeout=30).status_code


def test_many_engines_opened_at_once_on_a_new_file_all_succeed(tmp_path: Path) -> None:
    program = (
        "import sys; from shop.database import open_engine; from shop.seed import prepare\n"
        "from shop.sales import find; from sqlalchemy.orm import Session\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "engine = open_engine(); prepare(engine)\n"
        "with Session(engine) as session: print(len(find(session)))"
    )
    env = {**os.environ, "SHOP_DATABASE": str(tmp_path / "shop.db")}
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=EXAMPLES / "shop",
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"

    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()

    assert [opener.communicate(timeout=60)[0] for opener in openers] == ["12\n"] * 8


def test_importing_the_app_opens_no_file_and_starts_no_thread(tmp_path: Path) -> None:
    program = (
        "import os, threading; before = set(os.listdir('/proc/self/fd')); import shop.main\n"
        "print(len(set(os.listdir('/proc/self/fd')) - before), threading.active_count())"
    )
    env = {**os.environ, "SHOP_DATABASE": str(tmp_path / "shop.db")}

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=EXAMPLES / "shop", env=env, check=True, capture_output=True, text=True
    ).stdout

    assert printed.split() == ["0", "1"]
    assert list(tmp_path.iterdir()) == []


def test_the_shop_knows_who_ordered_until_they_leave(shop: Shop) -> None:
    with Shop(base_url=shop.base_url, timeout=30, follow_redirects=True) as buyer:
        assert "yours" not in buyer.get("/orders").text
        assert not buyer.cookies

        page = buyer.post("/orders", data={"slug": "ditty-bag", "customer": "Grace", "quantity": 1}).text
        cookie = buyer.cookies["shop"]

        assert "You are Grace." in page
        assert page.count("· yours") == 1
        assert 'value="Grace"' in buyer.get("/products/ditty-bag").text

        left = buyer.post("/leave").text
        assert "Grace" not in left
        assert not buyer.cookies
        again = buyer.get("/", headers={"cookie": f"shop={cookie}"}).text
        assert "Grace" not in again


def test_another_customer_does_not_see_what_was_ordered_before(shop: Shop) -> None:
    with Shop(base_url=shop.base_url, timeout=30, follow_redirects=True) as buyer:
        buyer.post("/orders", data={"slug": "ditty-bag", "customer": "Ada", "quantity": 1})
        before = buyer.cookies["shop"]
        page = buyer.post("/orders", data={"slug": "ditty-bag", "customer": "Mary", "quantity": 1}).text

        assert buyer.cookies["shop"] != before
        assert page.count("· yours") == 1
