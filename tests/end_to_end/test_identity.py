"""Apps that run as another user: everything of them, and only of them."""

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.nobody import place_for_nobody
from tests.end_to_end.conftest import end
from tests.end_to_end.site import ASGI, ROOT, Site
from tests.waiting import until

SYSTEM = "/usr/bin/python3"
"""A Python that any user may run, where the one of the tests may lie in a home that nobody else may enter."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run an app as another user")


def _runs_apps(python: str) -> bool:
    code = f"import sys; sys.exit(sys.implementation.cache_tag != {sys.implementation.cache_tag!r})"
    return os.path.exists(python) and subprocess.run([python, "-c", code], check=False).returncode == 0


@pytest.fixture
def open_site() -> Iterator[Site]:
    """A site whose folder anybody may enter; its home is ours alone."""
    with place_for_nobody() as folder, tempfile.TemporaryDirectory(prefix="ms-") as home:
        made = Site(Path(home), Path(folder))
        yield made
        end(made)


def ids(pid: int, name: str) -> list[int]:
    """The real and effective ids of a process, or its groups."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return [int(number) for number in next(line for line in lines if line.startswith(f"{name}:")).split()[1:]]


def fetched(site: Site, user: int, group: int) -> str:
    """What somebody gets from the Unix socket of web, or why nothing."""
    code = (
        "import socket\nwith socket.socket(socket.AF_UNIX) as s:\n"
        f"    s.connect('{site.folder}/web.sock')\n    s.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
        "    print(s.recv(4096).decode())\n"
    )
    ran = subprocess.run(
        [SYSTEM, "-c", code], user=user, group=group, extra_groups=[], capture_output=True, text=True, check=False
    )
    return ran.stdout + ran.stderr


@as_root
def test_a_program_of_another_user_has_its_ids_its_home_and_its_output(open_site: Site) -> None:
    nobody = pwd.getpwnam("nobody")
    script = 'id -un; echo "$HOME $USER $LOGNAME" > /dev/stdout; exec sleep 1000'
    open_site.write("mainstay.toml", f"[apps.jobs]\nuser = 'nobody'\ncommand = ['sh', '-c', '{script}']\n")

    open_site.ok("start")

    pid = open_site.pids("jobs")[0]
    assert set(ids(pid, "Uid")) == {nobody.pw_uid}
    assert set(ids(pid, "Gid")) == {nobody.pw_gid}
    assert set(ids(pid, "Groups")) == set(os.getgrouplist("nobody", nobody.pw_gid))
    log = open_site.home / "logs" / "jobs-0.out.log"
    until(lambda: log.read_text() == f"nobody\n{nobody.pw_dir} nobody nobody\n", 20)
    assert log.stat().st_uid == 0


@as_root
@pytest.mark.skipif(not _runs_apps(SYSTEM), reason=f"{SYSTEM} is not the Python of the tests")
def test_a_web_app_of_another_user_is_imported_and_served_as_that_user(open_site: Site) -> None:
    nobody = pwd.getpwnam("nobody")
    open_site.write("main.py", f"import os\nassert os.geteuid() == {nobody.pw_uid}\n{ASGI}")
    open_site.write(
        "mainstay.toml",
        f"[apps.web]\napp = 'main:app'\npython = '{SYSTEM}'\nbind = 'unix:web.sock'\ninstances = 2\n"
        "user = 'nobody'\numask = '027'\nnice = 1\n",
    )

    open_site.ok("start")

    template = open_site.describe("web")["template"]
    assert template["state"] == "ready"
    for pid in (template["pid"], *open_site.pids("web")):
        assert set(ids(pid, "Uid")) == {nobody.pw_uid}
        assert os.getpriority(os.PRIO_PROCESS, pid) == 1
    assert fetched(open_site, nobody.pw_uid, nobody.pw_gid).startswith("HTTP/1.1 200")
    assert "PermissionError" in fetched(open_site, nobody.pw_uid, 1)


@as_root
def test_a_folder_that_the_user_may_not_enter_is_told_in_a_line(site: Site) -> None:
    site.folder.chmod(0o700)
    site.write("mainstay.toml", "[apps.jobs]\nuser = 'nobody'\ncommand = ['sleep', '1000']\n")

    ran = site.run("start")

    assert ran.code == 1
    assert f"cannot enter its folder {site.folder}: Permission denied" in ran.err
    assert site.rows() == []


@pytest.mark.skipif(not _runs_apps(SYSTEM), reason=f"{SYSTEM} is not the Python of the tests")
def test_who_is_not_root_is_told_so_in_a_line(open_site: Site) -> None:
    open_site.write("mainstay.toml", "[apps.jobs]\nuser = 'root'\ncommand = ['sleep', '1000']\n")
    ran = subprocess.run(
        [SYSTEM, "-m", "mainstay", "start"],
        cwd=open_site.folder,
        env={"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT / "src")},
        user=65534 if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "mainstay: cannot use mainstay.toml:2: apps.jobs.user: only root may run an app as another user\n"
        "  hint: run mainstay as root, or leave it out\n"
    )
