"""The examples, run as their readers run them."""

import json
import shutil
import sys
import urllib.request

import pytest

from tests.end_to_end.load import Load
from tests.end_to_end.site import ROOT, Site, get
from tests.servers.process import free_port
from tests.waiting import until


def _copy(site: Site, example: str, port: int) -> None:
    shutil.copytree(
        ROOT / "examples" / example, site.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data", "*.db*")
    )
    file = site.folder / "mainstay.toml"
    file.write_text(file.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{port}"))


def test_the_shop_sells_while_it_is_reloaded(site: Site) -> None:
    port = free_port()
    _copy(site, "shop", port)
    site.ok("start")

    with Load(port, 8) as load:
        until(lambda: get(port, "/healthz"))
        site.ok("reload", "shop")
        assert load.is_going

    assert load.lost == {}
    assert json.loads(get(port, "/whoami"))["app"] == "shop"
    products = json.loads(get(port, "/api/products"))
    assert products


@pytest.mark.parametrize(("example", "path"), [("flask_notes", "/"), ("django_polls", "/")])
def test_a_wsgi_framework_is_served_and_reloaded(site: Site, example: str, path: str) -> None:
    port = free_port()
    _copy(site, example, port)
    text = (site.folder / "mainstay.toml").read_text()
    (site.folder / "mainstay.toml").write_text(_on_port(text, port))

    site.ok("start")
    app = site.rows()[0]["app"]
    site.ok("reload", app)

    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        assert answer.status == 200
    assert {row["mode"] for row in site.rows()} == {"wsgi"}


def _on_port(text: str, port: int) -> str:
    lines = [f'bind = "127.0.0.1:{port}"' if line.startswith("bind") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def test_the_queue_worker_finishes_what_it_has_when_it_is_stopped(site: Site) -> None:
    _copy(site, "worker_queue", 0)
    site.ok("start")

    site.ok("stop", "all")

    exits = site.describe(site.rows()[0]["app"])["slots"][0]["exits"]
    assert exits[-1]["code"] == 0


def test_python_is_the_one_of_this_environment(site: Site) -> None:
    site.write("work.py", "import sys, time\nprint(sys.prefix, flush=True)\ntime.sleep(1000)\n")
    site.ok("start", "work.py")

    until(lambda: sys.prefix in site.ok("logs", "work").out)
