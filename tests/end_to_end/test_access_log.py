"""An app with mainstay's access log in mainstay's own workers."""

import re

import pytest

from tests.end_to_end.site import Site, get
from tests.servers.process import free_port
from tests.waiting import until
from tests.web.accesslog.fuzzing import ASGI, WSGI, shoot, what_is_wrong

ENGINES = [(ASGI, "uvicorn"), (ASGI, "granian"), (WSGI, "uvicorn"), (WSGI, "granian")]


@pytest.mark.parametrize(("app", "engine"), ENGINES, ids=["uvicorn", "granian", "uvicorn wsgi", "granian wsgi"])
def test_one_request_is_one_line_whatever_it_sends(site: Site, app: str, engine: str) -> None:
    site.write("main.py", app)
    port = free_port()
    site.ok("start", "main:app", "-i", "2", "--name", "web", "--engine", engine, "--port", str(port))
    answered = shoot(port)
    site.ok("stop", "web")

    assert answered > 1000
    assert what_is_wrong(site.folder, answered) == []


@pytest.mark.parametrize(("app", "engine"), ENGINES, ids=["uvicorn", "granian", "uvicorn wsgi", "granian wsgi"])
def test_a_reload_loses_no_line(site: Site, app: str, engine: str) -> None:
    site.write("main.py", app)
    port = free_port()
    site.ok("start", "main:app", "-i", "2", "--name", "web", "--engine", engine, "--port", str(port))
    for _ in range(20):
        get(port)
    site.ok("reload", "web")
    for _ in range(20):
        get(port)
    site.ok("stop", "web")

    assert len((site.folder / "combined.log").read_text().splitlines()) == 40


def test_a_log_made_with_the_app_keeps_no_worker_from_being_forked_and_each_says_its_lines(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "-i", "2", "--name", "web", "--port", str(port))
    pids = {str(pid) for pid in site.pids("web")}

    def said() -> set[str]:
        get(port)
        return set(re.findall(r"\| (\d+) 200", site.ok("logs", "web", "--lines", "1000").out))

    until(lambda: said() == pids, 60)

    assert site.describe("web")["template"]["state"] == "ready"
