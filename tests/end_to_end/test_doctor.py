"""`mainstay doctor` beside a daemon that runs."""

import json
import shutil

from tests.end_to_end.site import ASGI, Site
from tests.end_to_end.test_start import _port


def _findings(site: Site) -> dict[str, dict[str, str]]:
    return {found["check"]: found for found in json.loads(site.run("doctor", "--json").out)}


def test_what_runs_is_looked_at(site: Site) -> None:
    site.write("main.py", ASGI)
    (site.folder / "work").mkdir()
    site.ok("start", "main:app", "--name", "web", "-p", str(_port()))
    site.ok("start", "sleep 1000", "--name", "jobs", "--cwd", "work")
    before = _findings(site)
    shutil.rmtree(site.folder / "work")
    after = _findings(site)

    assert [before[check]["level"] for check in ("daemon", "app web", "app jobs", "permissions", "log files")] == [
        "ok"
    ] * 5
    assert (after["app web"]["level"], after["app jobs"]["level"]) == ("ok", "problem")
