"""What apps print is kept, found again and followed."""

import json
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.site import Site
from tests.waiting import until


def test_output_is_kept_exactly_as_written(site: Site) -> None:
    site.write("work.py", "import os, time\nos.write(1, b'\\x00\\xff raw \\r\\n no end')\ntime.sleep(1000)\n")
    site.ok("start", "work.py")
    log = site.home / "logs" / "work-0.out.log"

    until(lambda: log.exists() and log.read_bytes() == b"\x00\xff raw \r\n no end")


def test_two_hundred_thousand_lines_are_all_there_once_over_rotations(site: Site) -> None:
    site.write(
        "work.py",
        "import time\nfor i in range(200_000): print(f'{i:08d} ' + 'x' * 80)\n"
        "print('end', flush=True)\ntime.sleep(1000)\n",
    )
    site.write(
        "mainstay.toml", '[apps.work]\nscript = "work.py"\nlogs = { rotate = "1MiB", keep = 100, compress = true }\n'
    )
    site.ok("start")
    logs = site.home / "logs"
    until(lambda: (logs / "work-0.out.log").exists() and _last(logs / "work-0.out.log") == "end", 120)
    until(lambda: not list(logs.glob("*.tmp")) and len(list(logs.glob("work-0.out.log.*.gz"))) >= 15, 120)

    shown = site.ok("logs", "work", "--lines", "300000", "--raw").out.splitlines()

    numbers = [int(line.split()[-2]) for line in shown if line.endswith("xxx")]
    assert numbers == list(range(200_000))


def _last(path: Path) -> str:
    lines = path.read_text().splitlines()
    return lines[-1] if lines else ""


def test_logs_of_several_apps_are_merged_in_the_order_of_time(site: Site) -> None:
    for name in ("one", "two"):
        site.write(f"{name}.py", _in_turn(name))
    site.ok("start", "one.py")
    site.ok("start", "two.py")
    (site.folder / "turn").write_text("one 0")

    until(lambda: "two 4" in site.ok("logs").out, 60)

    lines = [line.split("| ")[-1] for line in site.ok("logs", "--lines", "100").out.splitlines()]
    said = [line for line in lines if line[:4] in ("one ", "two ")]
    assert said == [f"{name} {n}" for n in range(5) for name in ("one", "two")]


def _in_turn(name: str) -> str:
    other = {"one": "two", "two": "one"}[name]
    return f"""
import time, pathlib
turn = pathlib.Path("turn")
n = 0
while n < 5:
    if turn.exists() and turn.read_text() == f"{name} {{n}}":
        print(f"{name} {{n}}", flush=True)
        time.sleep(0.15)  # longer than the resolution of the time index
        n += 1
        turn.with_suffix(".new").write_text(f"{other} {{n if '{name}' == 'two' else n - 1}}")
        turn.with_suffix(".new").rename(turn)
    time.sleep(0.01)
time.sleep(1000)
"""


def test_errors_alone_are_shown_when_asked_for(site: Site) -> None:
    site.write(
        "work.py",
        "import sys, time\nprint('fine', flush=True)\nprint('bad', file=sys.stderr, flush=True)\ntime.sleep(1000)\n",
    )
    site.ok("start", "work.py")
    until(lambda: "bad" in site.ok("logs", "work").out)

    out = site.ok("logs", "work", "--err").out

    assert "bad" in out
    assert "fine" not in out


def test_lines_are_followed_as_they_come_each_once(site: Site) -> None:
    site.write(
        "work.py",
        "import time, pathlib\nn = 0\nwhile True:\n"
        "    if pathlib.Path(f'go{n}').exists():\n        print('line', n, flush=True)\n        n += 1\n"
        "    time.sleep(0.01)\n",
    )
    site.ok("start", "work.py")
    site.write("go0", "")
    until(lambda: "line 0" in site.ok("logs", "work").out)
    following = site.start_command("logs", "work", "-f", "--json")
    assert following.stdout is not None
    assert json.loads(following.stdout.readline())["line"] == "line 0"

    for n in range(1, 6):
        site.write(f"go{n}", "")
        assert json.loads(following.stdout.readline())["line"] == f"line {n}"

    following.terminate()
    following.communicate(timeout=30)


def test_a_full_disk_neither_stops_the_app_nor_the_daemon(site: Site) -> None:
    site.write(
        "work.py",
        "import time, pathlib\nfor i in range(20_000): print('x' * 99)\n"
        "pathlib.Path('written').touch()\ntime.sleep(1000)\n",
    )
    limit = "import resource, signal, sys, os\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\nos.execv(sys.argv[1], sys.argv[1:])\n"
    command = [sys.executable, "-c", limit, sys.executable, "-m", "mainstay", "start", "work.py"]

    subprocess.run(command, cwd=site.folder, env=site.environment(), check=True, capture_output=True, timeout=120)

    until(lambda: (site.folder / "written").exists(), 60)
    assert [row["status"] for row in site.rows("work")] == ["online"]
    until(lambda: "work-0.out.log" in (site.home / "daemon.log").read_text(), 60)
