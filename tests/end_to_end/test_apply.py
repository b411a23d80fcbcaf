"""What was declared is what runs: every key of a file edited, one key to an app, and looked at in what runs."""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mainstay.config.schema import KEYS
from mainstay.model.log_file import rotated_number
from tests.end_to_end.conftest import end
from tests.end_to_end.site import ASGI, Row, Site, get
from tests.servers.process import free_port
from tests.waiting import until

JOB = """
import time
while True:
    print("tick", flush=True)
    time.sleep(0.02)
"""

BASE: dict[str, dict[str, str]] = {
    "web": {"app": '"main:app"', "bind": '"127.0.0.1:{port}"'},
    "jobs": {"command": '["python", "job.py"]', "env": '{ KEPT = "1", GONE = "1" }', "stop_timeout": '"3s"'},
    "tool": {"script": '"job.py"'},
    "other": {"command": '["sleep", "1000"]'},
}
"""Kinds of apps, and what is declared of each before an edit."""
APPS = {"web": "web", "web2": "web", "jobs": "jobs", "jobs2": "jobs", "jobs3": "jobs", "jobs4": "jobs"} | {
    "tool": "tool",
    "other": "other",
    "quiet": "other",
}
"""The apps of the file by name, and their kinds; nobody edits `quiet`."""


class Shop(Site):
    """A site whose file is written with edits."""

    def __init__(self, home: Path, folder: Path) -> None:
        super().__init__(home, folder)
        self.ports = {app: (free_port(), free_port()) for app in APPS}

    def declare(self, edits: Mapping[str, str]) -> None:
        """Write the file: as it is at first, with the lines of these apps in place of those of the same keys."""
        text = ""
        for app, kind in APPS.items():
            edited = dict(line.split(" = ", 1) for line in edits.get(app, "").splitlines())
            keys = BASE[kind] | edited
            text += f"[apps.{app}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
            text = self.filled(app, text)
        self.write("mainstay.toml", text)

    def filled(self, app: str, text: str) -> str:
        """`{port}`, `{port2}` and `{folder}` replaced."""
        port, other = self.ports[app]
        found = {"{port}": str(port), "{port2}": str(other), "{folder}": str(self.folder)}
        found["{web}"] = f"127.0.0.1:{self.ports['web'][0]}"
        for name, value in found.items():
            text = text.replace(name, value)
        return text

    def all_pids(self) -> dict[str, list[int]]:
        """The workers of each app."""
        rows = self.rows()
        return {app: [row["pid"] for row in rows if row["app"] == app] for app in APPS}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="ms-") as home, tempfile.TemporaryDirectory(prefix="ms-") as folder:
        os.chmod(folder, 0o755)
        made = Shop(Path(home), Path(folder).resolve())
        made.write("main.py", ASGI)
        made.write("second.py", ASGI.replace('"one"', '"two"'))
        made.write("job.py", JOB)
        made.write("again.py", JOB)
        made.write("more.env", "FROM_FILE=1\n")
        made.write("inner/job.py", JOB)
        made.write("py/pyvenv.cfg", "")
        (made.folder / "py" / "bin").mkdir()
        (made.folder / "py" / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
        yield made
        end(made)


def _pid(site: Site, app: str) -> int:
    return site.pids(app)[0]


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text().replace("\0", "\n")


def environ(site: Site, app: str) -> list[str]:
    """The variables a worker was started with."""
    return _proc(_pid(site, app), "environ").splitlines()


def argv(site: Site, app: str) -> list[str]:
    """What a worker was started as."""
    return _proc(_pid(site, app), "cmdline").splitlines()


def status(site: Site, app: str, name: str) -> str:
    """A line of what the kernel says about a worker."""
    return next(
        line.split(":\t")[1].strip()
        for line in _proc(_pid(site, app), "status").splitlines()
        if line.startswith(f"{name}:")
    )


def limit(site: Site, app: str, number: int) -> tuple[int, int]:
    """A resource limit of a worker."""
    return resource.prlimit(_pid(site, app), number)


def log_of(path: str) -> list[str]:
    """The lines of a log file."""
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def rotated(site: Site, app: str) -> list[str]:
    """The old files of what an app prints."""
    names = os.listdir(site.home / "logs")
    return [name for name in names if rotated_number(f"{app}-0.out.log", name) is not None]


def last_line(site: Site, app: str) -> str:
    """The last whole line that an app wrote."""
    return ([*log_of(f"{site.home}/logs/{app}-0.out.log"), ""][:-1] or [""])[-1]


Holds = Callable[[Shop, str], bool]


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of an app of a kind: the keys it is about, the way it takes, and what must be seen in what runs."""

    keys: str
    kind: str
    lines: str
    way: str
    holds: Holds
    root: bool = False


def described(path: str, value: object) -> Holds:
    """What `describe` says is declared, for what is looked at by tests of its own, or only when something happens."""

    def holds(site: Shop, app: str) -> bool:
        found: object = site.describe(app)["spec"]
        for part in path.split("."):
            found = found[part] if isinstance(found, dict) else None
        return bool(found == value)

    return holds


# fmt: off
EDITS = (
    Edit("app", "web", 'app = "second:app"', "rolling", lambda s, app: get(s.ports[app][0]).startswith("two")),
    Edit("bind", "web", 'bind = "127.0.0.1:{port2}"', "restart", lambda s, app: get(s.ports[app][1]).startswith("one")),
    Edit("engine", "web", 'engine = "granian"', "rolling", lambda s, app: s.describe(app)["engine"] == "granian"),
    Edit("interface", "web", 'interface = "asgi"', "rolling", described("program.interface", "asgi")),
    Edit("preload", "web", "preload = false", "rolling", lambda s, app: s.describe(app)["template"]["state"] == "cold"),
    Edit("threads", "web", "threads = 7", "rolling", described("program.threads", 7)),
    Edit("python", "jobs", 'python = "py"', "rolling", lambda s, app: argv(s, app)[0] == f"{s.folder}/py/bin/python"),
    Edit("command", "jobs", 'command = ["python", "again.py"]', "rolling",
         lambda s, app: argv(s, app)[1] == "again.py"),
    Edit("script", "tool", 'script = "again.py"', "rolling", lambda s, app: argv(s, app)[1].endswith("again.py")),
    Edit("args", "tool", 'args = "a \'b c\'"', "rolling", lambda s, app: argv(s, app)[2:] == ["a", "b c"]),
    Edit("interpreter", "tool", 'interpreter = "{folder}/py"', "rolling",
         lambda s, app: argv(s, app)[0] == f"{s.folder}/py/bin/python"),
    Edit("cwd", "jobs", 'cwd = "inner"', "rolling",
         lambda s, app: os.readlink(f"/proc/{_pid(s, app)}/cwd") == f"{s.folder}/inner"),
    Edit("instances", "jobs", "instances = 3", "live", lambda s, app: len(s.pids(app)) == 3),
    Edit("namespace", "jobs", 'namespace = "night"', "live", lambda s, app: s.rows(app)[0]["namespace"] == "night"),
    Edit("trusted_proxy", "jobs", "trusted_proxy = 1", "rolling",
         lambda s, app: "MAINSTAY_TRUSTED_PROXY=1" in environ(s, app)),
    Edit("trusted_proxy", "web", 'trusted_proxy = ["loopback", "10.0.0.0/8"]', "rolling",
         lambda s, app: "MAINSTAY_TRUSTED_PROXY=loopback, 10.0.0.0/8" in environ(s, app)),
    Edit("env", "jobs", 'env = { KEPT = "2" }', "rolling",
         lambda s, app: "KEPT=2" in environ(s, app) and not any(v.startswith("GONE=") for v in environ(s, app))),
    Edit("env_files", "jobs", 'env_files = ["more.env"]', "rolling", lambda s, app: "FROM_FILE=1" in environ(s, app)),
    Edit("environments.NAME.env", "jobs", 'environments.production.env = { HERE = "1" }', "rolling",
         lambda s, app: "HERE=1" in environ(s, app)),
    Edit("increment", "jobs", 'env = { PORT = "3000" }\nincrement = "PORT"\ninstances = 1', "rolling",
         lambda s, app: "PORT=3000" in environ(s, app)),
    Edit("start_timeout", "jobs", 'start_timeout = "9s"', "live", described("start_timeout", 9.0)),
    Edit("stop_timeout", "jobs", 'stop_timeout = "2s"', "live", described("stop_timeout", 2.0)),
    Edit("stop_timeout", "web", 'stop_timeout = "2s"', "rolling", described("stop_timeout", 2.0)),
    Edit("stop_signal", "jobs", 'stop_signal = "SIGKILL"', "live", described("stop_signal", "SIGKILL")),
    Edit("parallel", "jobs", "parallel = 2", "live", described("parallel", 2)),
    Edit("restart.on", "jobs", 'restart.on = "failure"', "live", described("restart.on", "failure")),
    Edit("restart.backoff", "jobs", 'restart.backoff = "fixed"', "live",
         described("restart.exponential", False)),
    Edit("restart.first", "jobs", 'restart.first = "1s"', "live", described("restart.first", 1.0)),
    Edit("restart.cap", "jobs", 'restart.cap = "2s"', "live", described("restart.cap", 2.0)),
    Edit("restart.give_up_after", "jobs", "restart.give_up_after = 9", "live",
         described("restart.give_up_after", 9)),
    Edit("restart.schedule", "jobs", 'restart.schedule = "0 4 1 1 *"', "live",
         described("restart.schedule", "0 4 1 1 *")),
    Edit("logs.format", "jobs", 'logs.format = "json"', "live", lambda s, app: last_line(s, app).startswith("{")),
    Edit("logs.rotate", "jobs", 'logs.rotate = "4KiB"', "live",
         lambda s, app: len(rotated(s, app)) > 0),
    Edit("logs.keep", "jobs", 'logs.rotate = "1KiB"\nlogs.keep = 2', "live",
         lambda s, app: 0 < len(rotated(s, app)) <= 2),
    Edit("logs.compress", "jobs", 'logs.rotate = "1KiB"\nlogs.compress = false', "live",
         lambda s, app: any(not name.endswith(".gz") for name in rotated(s, app))),
    Edit("logs.out", "jobs", 'logs.out = "{folder}/mine.out"', "rolling",
         lambda s, _: "tick" in log_of(f"{s.folder}/mine.out")),
    Edit("logs.err", "jobs", 'logs.err = "{folder}/mine.err"', "rolling",
         lambda s, app: s.describe(app)["slots"][0]["logs"]["err"] == f"{s.folder}/mine.err"),
    Edit("depends_on", "jobs", 'depends_on = ["quiet"]', "live",
         described("depends_on", [{"type": "Dependency", "app": "quiet", "condition": "started"}])),
    Edit("before_start", "jobs", 'before_start = ["/bin/true"]', "rolling",
         described("before_start", ["/bin/true"])),
    Edit("before_start_timeout", "jobs", 'before_start_timeout = "9s"', "live",
         described("before_start_timeout", 9.0)),
    Edit("after_stop", "jobs", 'after_stop = ["/bin/true"]', "live", described("after_stop", ["/bin/true"])),
    Edit("health.path", "web", 'health.path = "/"', "live", described("health.check.path", "/")),
    Edit("health.tcp", "jobs", 'health.tcp = "{web}"', "live",
         lambda s, app: described("health.check.address", f"127.0.0.1:{s.ports['web'][0]}")(s, app)),
    Edit("health.command", "jobs", 'health.command = ["/bin/true"]', "live",
         described("health.check.argv", ["/bin/true"])),
    Edit("health.interval health.timeout health.failures", "jobs",
         'health = { command = "/bin/true", interval = "9s", timeout = "8s", failures = 7 }', "live",
         lambda s, app: all(described(f"health.{key}", value)(s, app)
                       for key, value in (("interval", 9.0), ("timeout", 8.0), ("failures", 7)))),
    Edit("max_memory", "jobs", 'max_memory = "1GiB"', "live", described("limits.memory", 1024**3)),
    Edit("max_requests", "web", "max_requests = 100000", "live", described("limits.requests", 100000)),
    Edit("max_lifetime", "jobs", 'max_lifetime = "24h"', "live", described("limits.lifetime", 86400.0)),
    Edit("watchdog", "web", 'watchdog = "30s"', "live", described("limits.watchdog", 30.0)),
    Edit("max_memory", "web", 'max_memory = "1GiB"', "live", described("limits.memory", 1024**3)),
    Edit("umask", "jobs", 'umask = "027"', "rolling", lambda s, app: status(s, app, "Umask") == "0027"),
    Edit("umask", "web", 'umask = "027"', "rolling", lambda s, app: status(s, app, "Umask") == "0027"),
    Edit("nice", "jobs", "nice = 3", "rolling", lambda s, app: os.getpriority(os.PRIO_PROCESS, _pid(s, app)) == 3),
    Edit("nice", "web", "nice = 3", "rolling", lambda s, app: os.getpriority(os.PRIO_PROCESS, _pid(s, app)) == 3),
    Edit("rlimits", "jobs", "rlimits = { nofile = [500, 600] }", "rolling",
         lambda s, app: limit(s, app, resource.RLIMIT_NOFILE) == (500, 600)),
    Edit("rlimits", "web", "rlimits = { nofile = [500, 600] }", "rolling",
         lambda s, app: limit(s, app, resource.RLIMIT_NOFILE) == (500, 600)),
    Edit("user", "other", 'user = "nobody"', "rolling",
         lambda s, app: status(s, app, "Uid").split() == ["65534"] * 4 and "USER=nobody" in environ(s, app), True),
    Edit("group", "other", 'group = "daemon"', "rolling",
         lambda s, app: status(s, app, "Gid").split() == ["1"] * 4, True),
    Edit("groups", "other", 'groups = ["adm", "daemon"]', "rolling",
         lambda s, app: set(status(s, app, "Groups").split()) == {"1", "4"}, True),
    Edit("hooks", "jobs", 'hooks.on_job_failed = ["/bin/true"]', "live",
         lambda s, app: s.describe(app)["spec"]["hooks"][0]["event"] == "job_failed"),
)
# fmt: on

BY_THEMSELVES = {"schedule.cron", "schedule.timezone", "schedule.overlap", "schedule.timeout", "notify"}
"""Keys that make a job of an app, no edit of what runs, and one that needs a program which speaks sd_notify."""


def test_every_key_of_a_file_has_its_edit() -> None:
    edited = {key for edit in EDITS for key in edit.keys.split()}

    assert {key.name for key in KEYS} - edited == BY_THEMSELVES


def batches() -> list[dict[str, Edit]]:
    """All edits, each dealt to an app of its kind: in a batch, an app has one edit at most."""
    dealt: list[dict[str, Edit]] = []
    for kind in BASE:
        apps = [app for app in APPS if APPS[app] == kind and app != "quiet"]
        edits = [edit for edit in EDITS if edit.kind == kind and (os.geteuid() == 0 or not edit.root)]
        for number, edit in enumerate(edits):
            turn, place = divmod(number, len(apps))
            dealt += [{}] if turn == len(dealt) else []
            dealt[turn][apps[place]] = edit
    return dealt


def _ways(ran: str, app: str) -> set[str]:
    (outcome,) = (found for found in json.loads(ran)["apps"] if found["app"] == app)
    return {change.rpartition("(")[2].rstrip(")") for change in outcome["changes"]}


@pytest.mark.parametrize(
    "batch", batches(), ids=lambda batch: "-".join(edit.keys.split()[0] for edit in batch.values())
)
def test_an_edited_key_holds_in_what_runs(shop: Shop, batch: dict[str, Edit]) -> None:
    shop.declare({})
    shop.ok("start", "mainstay.toml")
    before = shop.all_pids()
    shop.declare({app: edit.lines for app, edit in batch.items()})

    planned = {step["app"]: step["way"] for step in json.loads(shop.ok("plan", "--json").out) if step["way"]}
    ran = shop.ok("start", "mainstay.toml", "--json")

    assert planned == {app: edit.way for app, edit in batch.items()}
    for app, edit in batch.items():
        until(lambda app=app, edit=edit: edit.holds(shop, app), 20, f"{edit.keys} of {app} holds")  # type: ignore[misc]
        assert edit.way in _ways(ran.out, app)
    after = shop.all_pids()
    kept = {app for app in APPS if after[app][: len(before[app])] == before[app]}
    assert kept == APPS.keys() - {app for app, edit in batch.items() if edit.way != "live"}
    assert {app for app in APPS if after[app] != before[app]} <= batch.keys()
    assert all(found["differences"] == [] for found in json.loads(shop.ok("describe", "all", "--json").out))
    assert {step["action"] for step in json.loads(shop.ok("plan", "--json").out)} == {"unchanged"}


def rows_of(site: Site) -> dict[str, Row]:
    """The first row of each app."""
    return {row["app"]: row for row in reversed(site.rows())}


def test_what_the_file_has_no_more_goes_on_until_it_is_pruned(site: Site) -> None:
    site.write("mainstay.toml", "[apps.a]\ncommand = ['sleep', '1000']\n[apps.b]\ncommand = ['sleep', '1001']\n")
    site.ok("start")
    site.ok("start", "sleep 1002", "--name", "typed")
    site.write("mainstay.toml", "[apps.a]\ncommand = ['sleep', '1000']\n")

    named = site.ok("start")
    kept = set(rows_of(site))
    site.ok("start", "--prune")

    assert "mainstay: b goes on: its file does not declare it any more" in named.err
    assert kept == {"a", "b", "typed"}
    assert set(rows_of(site)) == {"a", "typed"}


def test_an_app_that_was_renamed_takes_its_address_with_it(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.write("mainstay.toml", f"[apps.web]\napp = 'main:app'\nbind = '127.0.0.1:{port}'\n")
    site.ok("start")
    site.write("mainstay.toml", f"[apps.shop]\napp = 'main:app'\nbind = '127.0.0.1:{port}'\n")

    refused = site.run("start")
    site.ok("reload", "mainstay.toml", "--prune")

    assert (refused.code, f"web has 127.0.0.1:{port}" in refused.err) == (1, True)
    assert set(rows_of(site)) == {"shop"}
    assert get(port).startswith("one")


def test_of_several_apps_one_that_fails_stays_as_it_was_and_the_others_are_done(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    web = f"[apps.web]\napp = 'main:app'\nbind = '127.0.0.1:{port}'\n"
    site.write("mainstay.toml", f"{web}[apps.jobs]\ncommand = ['sleep', '1000']\n")
    site.ok("start")
    before = site.describe("web")
    web = web.replace("main:app", "missing:app")
    added = "[apps.new]\ncommand = ['sleep', '1002']\n"
    site.write("mainstay.toml", f"{web}nice = 5\n[apps.jobs]\ncommand = ['sleep', '1001']\n{added}")

    ran = site.run("start")

    after = site.describe("web")
    assert (ran.code, "cannot reload web: ModuleNotFoundError: No module named 'missing'" in ran.err) == (1, True)
    assert (after["spec"], after["slots"][0]["pid"]) == (before["spec"], before["slots"][0]["pid"])
    assert get(port).startswith("one")
    assert argv(site, "jobs")[1:] == ["1001"]
    assert "new" in rows_of(site)
