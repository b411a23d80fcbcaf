"""What dies comes back, what keeps dying waits, what is finished rests."""

import os
import signal
import time

from tests.end_to_end.site import ASGI, Site, get, is_alive
from tests.servers.process import free_port
from tests.waiting import until


def test_a_killed_worker_is_replaced_and_the_reason_is_kept(site: Site) -> None:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(port))
    victim = site.pids("web")[0]

    os.kill(victim, signal.SIGKILL)

    until(lambda: len(site.pids("web")) == 2 and victim not in site.pids("web"))
    slot = site.describe("web")["slots"][0]
    assert slot["restarts"] == 1
    assert slot["exits"][-1]["signal"] == "SIGKILL"
    assert slot["exits"][-1]["reason"] == "killed by SIGKILL"
    assert get(port)


def test_a_killed_template_is_replaced_and_heals_workers_again(site: Site) -> None:
    site.write("main.py", ASGI)
    site.ok("start", "main:app", "--name", "web", "--port", str(free_port()))
    template = site.describe("web")["template"]["pid"]

    os.kill(template, signal.SIGKILL)
    until(lambda: (site.describe("web")["template"] or {}).get("state") == "ready")
    (victim,) = site.pids("web")
    os.kill(victim, signal.SIGKILL)

    until(lambda: site.pids("web") and victim not in site.pids("web"))
    assert site.describe("web")["template"]["pid"] != template


def test_what_keeps_dying_waits_longer_each_time_and_says_until_when(site: Site) -> None:
    site.write("work.py", "import time, sys\ntime.sleep(1.2)\nsys.exit('no luck')\n")
    site.ok("start", "work.py")

    (row,) = until(lambda: [row for row in site.rows("work") if row["status"] == "waiting restart"], 60)

    assert row["next_try"] > time.time() - 5
    assert row["pid"] is None
    exits = site.describe("work")["slots"][0]["exits"]
    assert exits[-1]["code"] == 1
    assert exits[-1]["lines"][-1] == "no luck"


def test_a_limit_of_tries_ends_in_errored_and_a_start_tries_again(site: Site) -> None:
    site.write("work.py", "import time, sys\ntime.sleep(1.2)\nsys.exit(3)\n")
    site.write(
        "mainstay.toml",
        '[apps.work]\nscript = "work.py"\nrestart = { give_up_after = 2, first = "10ms" }\n',
    )
    site.ok("start")

    site.until_status("work", "errored")

    before = len(site.describe("work")["slots"][0]["exits"])
    site.run("start", "work")
    until(lambda: len(site.describe("work")["slots"][0]["exits"]) > before)


def test_exit_0_is_no_crash_where_only_failures_are_restarted(site: Site) -> None:
    site.write("work.py", "import time\ntime.sleep(1.2)\nprint('finished')\n")
    site.write("mainstay.toml", '[apps.work]\nscript = "work.py"\nrestart = "on-failure"\n')
    site.ok("start")

    (row,) = site.until_status("work", "stopped")

    assert row["restarts"] == 0
    assert site.describe("work")["slots"][0]["exits"][-1]["reason"] == "exit code 0"


def test_stop_ends_the_whole_tree_of_a_program(site: Site) -> None:
    site.write(
        "tree.sh",
        "#!/bin/sh\nsleep 3131 &\nsetsid sleep 3132 &\n(setsid sh -c 'sleep 3133 & wait' &)\n"
        "sh -c 'trap \"\" TERM; while :; do sleep 3134; done' &\nwait\n",
    ).chmod(0o755)
    site.write("mainstay.toml", '[apps.tree]\ncommand = ["./tree.sh"]\nstop_timeout = "1s"\n')
    site.ok("start")
    marks = ("3131", "3132", "3133", "3134")
    until(lambda: len(_sleepers(marks)) == 4)
    started = _sleepers(marks)

    site.ok("stop", "tree")

    assert not [pid for pid in started if is_alive(pid)]
    assert [row["status"] for row in site.rows("tree")] == ["stopped"]


def _sleepers(marks: tuple[str, ...]) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    argv = file.read().split(b"\0")
            except OSError:
                continue
            if argv[0].endswith(b"sleep") and argv[1].decode() in marks:
                found.append(int(name))
    return found


def test_a_worker_that_ignores_sigterm_is_killed_when_its_time_is_over(site: Site) -> None:
    site.write("work.py", "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(1)\n")
    site.write("mainstay.toml", '[apps.work]\nscript = "work.py"\nstop_timeout = "1s"\n')
    site.ok("start")
    (pid,) = site.pids("work")

    site.ok("stop", "work")

    assert not is_alive(pid)
    assert site.describe("work")["slots"][0]["exits"][-1]["signal"] == "SIGKILL"


def test_kill_ends_everything_and_the_daemon(site: Site) -> None:
    site.write("main.py", ASGI)
    site.ok("start", "main:app", "--name", "web", "-i", "2", "--port", str(free_port()))
    site.ok("start", "sleep 1000", "--name", "s")
    pids = [*site.pids("web"), *site.pids("s")]

    site.ok("kill")

    assert not [pid for pid in pids if is_alive(pid)]
    assert site.daemon_pid() is None


def test_a_signal_reaches_every_worker(site: Site) -> None:
    site.write(
        "work.py",
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('got it', flush=True))\n"
        "print('ready', flush=True)\nwhile True: signal.pause()\n",
    )
    site.ok("start", "work.py", "-i", "2")
    until(lambda: site.ok("logs", "work").out.count("ready") == 2)

    site.ok("signal", "SIGUSR1", "work")

    until(lambda: site.ok("logs", "work").out.count("got it") == 2)


def test_a_name_that_is_unknown_is_exit_code_3_with_the_nearest(site: Site) -> None:
    site.ok("start", "sleep 1000", "--name", "worker")

    ran = site.run("stop", "workr")

    assert ran.code == 3
    assert "worker" in ran.err
