"""`mainstay start`: each kind of target, and each way in which it can go wrong."""

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.end_to_end.ours import Ours
from tests.end_to_end.site import ASGI, WSGI, Site, get, is_alive
from tests.servers.process import free_port
from tests.waiting import until


def test_an_asgi_app_is_served_by_as_many_workers_as_asked_for(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()

    ran = site.ok("start", "main:app", "-i", "3", "--name", "web", "--port", str(port))

    rows = site.rows("web")
    assert [row["slot"] for row in rows] == ["web-0", "web-1", "web-2"]
    assert {row["status"] for row in rows} == {"online"}
    assert {row["mode"] for row in rows} == {"asgi"}
    assert "web-2" in ran.out
    assert get(port).startswith("one ")


def test_a_worker_knows_who_it_is_and_that_it_is_in_production(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()

    site.ok("start", "main:app", "--name", "web", "--port", str(port))

    assert get(port).split()[2:] == ["0", "production"]


def test_zero_instances_are_one_per_core_and_minus_one_is_one_fewer(site: Site) -> None:
    site.write("main.py", ASGI)
    cores = len(os.sched_getaffinity(0))

    site.ok("start", "main:app", "-i", "0", "--name", "a", "--port", str(free_port()))
    site.ok("start", "main:app", "-i", "-1", "--name", "b", "--port", str(free_port()))
    site.ok("start", "main:app", "-i", "max", "--name", "c", "--port", str(free_port()))

    assert [len(site.rows(name)) for name in "abc"] == [cores, max(1, cores - 1), cores]


def test_a_factory_and_a_wsgi_app_are_told_apart(site: Site) -> None:
    site.write("factory.py", ASGI)
    site.write("plain.py", WSGI)
    one, two = free_port(), free_port()

    site.ok("start", "factory:create()", "--name", "f", "--port", str(one))
    site.ok("start", "plain:app", "--name", "w", "--port", str(two))

    assert get(one).startswith("one ")
    assert get(two).startswith("wsgi ")
    assert [row["mode"] for row in site.rows()] == ["asgi", "wsgi"]


def test_granian_serves_when_it_is_asked_for(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()

    site.ok("start", "main:app", "--name", "g", "-i", "2", "--port", str(port), "--engine", "granian")

    assert get(port).startswith("one ")
    assert site.describe("g")["engine"] == "granian"


def test_a_unix_socket_is_an_address_too(site: Site) -> None:
    site.write("main.py", ASGI)
    path = site.home / "web.sock"

    site.ok("start", "main:app", "--name", "web", "-i", "2", "--bind", f"unix:{path}")

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    site.ok("stop", "web")
    assert not path.exists()


def test_a_script_gets_its_arguments(site: Site) -> None:
    site.write("work.py", "import sys, time\nprint('args', sys.argv[1:], flush=True)\ntime.sleep(1000)\n")

    site.ok("start", "work.py", "--", "--fast", "a b")

    until(lambda: "args ['--fast', 'a b']" in site.ok("logs", "work", "--lines", "5").out)


def test_a_program_and_a_shell_line_run_as_they_are(site: Site) -> None:
    site.ok("start", "sleep 1000", "--name", "one")
    site.ok("start", "echo begin && sleep 1000 | cat", "--name", "two")

    assert {row["status"] for row in site.rows()} == {"online"}
    assert os.path.basename(os.readlink(f"/proc/{site.pids('one')[0]}/exe")) == "sleep"
    until(lambda: "begin" in site.ok("logs", "two").out)


def test_apps_of_a_file_start_together(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.write(
        "mainstay.toml",
        f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\ninstances = 2\n'
        '[apps.jobs]\ncommand = ["sleep", "1000"]\n',
    )

    site.ok("start")

    assert [row["slot"] for row in site.rows()] == ["web-0", "web-1", "jobs-0"]
    assert get(port).startswith("one ")


def test_only_the_named_apps_of_a_file_start(site: Site) -> None:
    site.write("mainstay.toml", '[apps.a]\ncommand = ["sleep", "1000"]\n[apps.b]\ncommand = ["sleep", "1000"]\n')

    site.ok("start", "--only", "b")

    assert [row["app"] for row in site.rows()] == ["b"]


def test_starting_what_runs_changes_nothing_and_says_so(site: Site) -> None:
    site.write("main.py", ASGI)
    start = ("start", "main:app", "--name", "web", "--port", str(free_port()))
    site.ok(*start)
    before = site.pids("web")

    ran = site.ok(*start, EXTRA="another shell has other variables")

    assert "nothing changed" in ran.said
    assert site.pids("web") == before


def test_an_edited_file_is_applied_as_a_plan(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    declared = f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{port}"\n'
    site.write("mainstay.toml", declared + "instances = 1\n")
    site.ok("start")
    before = site.pids("web")

    site.write("mainstay.toml", declared + "instances = 3\n")
    live = site.ok("start")
    kept = site.pids("web")
    site.write("mainstay.toml", declared + 'instances = 3\nenv = { COLOUR = "blue" }\n')
    rolling = site.ok("start")

    assert "instances 1 -> 3" in live.said
    assert kept[:1] == before
    assert len(kept) == 3
    assert "+COLOUR" in rolling.said
    assert not set(site.pids("web")) & set(kept)


def test_the_virtual_environment_of_the_app_is_used(site: Site) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", site.folder / ".venv"], check=True)
    site.write("main.py", ASGI.replace('GREETING = "one"', "import sys; GREETING = sys.prefix"))
    port = free_port()

    site.ok("start", "main:app", "--name", "web", "--port", str(port))

    assert get(port).split()[0] == str(site.folder / ".venv")


@pytest.mark.parametrize(
    ("target", "source", "expected"),
    [
        ("nothing:app", "", "No module named 'nothing'"),
        ("main:nope", "app = None", "nope"),
        ("main:app", "import does_not_exist_anywhere", "does_not_exist_anywhere"),
        ("main:app", "raise RuntimeError('broken at import')", "broken at import"),
        ("main:app", "app = 42", "main"),
    ],
)
def test_an_app_that_cannot_be_imported_is_not_started(site: Site, target: str, source: str, expected: str) -> None:
    site.write("main.py", source)
    port = free_port()

    ran = site.run("start", target, "--name", "web", "--port", str(port))

    assert ran.code == 1
    assert expected in ran.err
    assert "cannot start web" in ran.err
    assert site.rows() == []
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))


def test_an_app_that_fails_in_its_startup_is_not_started(site: Site) -> None:
    site.write("main.py", "async def app(scope, receive, send):\n    raise RuntimeError('no database')\n")
    site.write(
        "strict.py",
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database here'})\n",
    )

    ran = site.run("start", "strict:app", "--name", "web", "--port", str(free_port()))

    assert ran.code == 1
    assert "no database here" in ran.err
    assert site.rows() == []


def test_a_script_that_ends_at_once_is_not_started_and_its_last_words_are_shown(site: Site) -> None:
    site.write("work.py", "import sys\nprint('looking for work')\nsys.exit('there is no work')\n")

    ran = site.run("start", "work.py")

    assert ran.code == 1
    assert "exit code 1" in ran.err
    assert "there is no work" in ran.err
    assert site.rows() == []


def test_a_job_that_is_meant_to_end_is_no_failure(site: Site) -> None:
    site.write("job.py", "print('done')\n")

    site.ok("start", "job.py", "--no-autorestart")

    assert [(row["status"], row["restarts"]) for row in site.rows("job")] == [("stopped", 0)]


def test_a_port_in_use_is_named_with_its_owner(site: Site) -> None:
    site.write("main.py", ASGI)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]

        ran = site.run("start", "main:app", "--name", "web", "--port", str(port))

    assert ran.code == 1
    assert f"127.0.0.1:{port} is in use by" in ran.err
    assert str(os.getpid()) in ran.err
    assert site.rows() == []


def test_two_apps_cannot_have_one_port(site: Site) -> None:
    site.write("main.py", ASGI)
    port = str(free_port())
    site.ok("start", "main:app", "--name", "one", "--port", port)

    ran = site.run("start", "main:app", "--name", "two", "--port", port)

    assert ran.code == 1
    assert f"one has 127.0.0.1:{port}" in ran.err
    assert [row["app"] for row in site.rows()] == ["one"]


def test_mistakes_in_a_file_are_all_named_with_their_lines_and_nothing_starts(site: Site) -> None:
    site.write(
        "mainstay.toml",
        '[apps.web]\napp = "main:app"\ninstnces = 2\n\n[apps.jobs]\ncommand = 7\n',
    )

    ran = site.run("start")

    assert ran.code == 2
    assert "mainstay.toml:3" in ran.err
    assert "instances" in ran.err
    assert "mainstay.toml:6" in ran.err
    assert site.daemon_pid() is None


def test_a_program_that_does_not_exist_is_a_mistake_of_use(site: Site) -> None:
    ran = site.run("start", "no-such-program-anywhere")

    assert ran.code == 2
    assert "no-such-program-anywhere" in ran.err


def test_what_start_prints_as_json_is_json(site: Site) -> None:
    site.write("main.py", ASGI)

    ran = site.ok("start", "main:app", "--name", "web", "--port", str(free_port()), "--json")

    assert json.loads(ran.out)["apps"][0] == {
        "app": "web",
        "outcome": "started",
        "changes": [],
        "message": "",
        "code": None,
    }


def test_after_a_failed_start_no_process_is_left(site: Site) -> None:
    site.write("main.py", ASGI + "\nraise RuntimeError('late')\n")
    site.run("start", "main:app", "--name", "web", "-i", "2", "--port", str(free_port()))
    daemon = site.daemon_pid()
    assert daemon is not None

    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(daemon)], capture_output=True, text=True).stdout
    children = {int(pid) for pid in listed.split()} - {Ours(site).guardian()}

    until(lambda: not any(map(is_alive, children)), what="the end of all but the guardian")
