"""The private environment under .bench/: the peers, and our own wheel as a user installs it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / ".bench"
VENV = BENCH / "venv"
BIN = VENV / "bin"
NODE = BENCH / "node"
PM2 = NODE / "node_modules" / ".bin" / "pm2"
RESULTS = BENCH / "results"
PM2_VERSION = "7.0.4"


class CannotPrepare(Exception):
    """Something the benchmarks need is missing and could not be installed."""


def base_environment() -> dict[str, str]:
    """What every contender starts with: the bench environment's programs first, no byte code left in app folders."""
    kept = {name: os.environ[name] for name in ("HOME", "USER", "LANG", "TMPDIR") if name in os.environ}
    path = f"{BIN}:{os.environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    return {**kept, "PATH": path, "VIRTUAL_ENV": str(VENV), "PYTHONDONTWRITEBYTECODE": "1"}


def mainstay_binary() -> Path | None:
    """The `mainstay` command to measure: MAINSTAY_BIN, else the one in .bench/venv; None when there is none."""
    chosen = Path(os.environ.get("MAINSTAY_BIN", BIN / "mainstay")).absolute()
    return chosen if chosen.exists() else None


def prepare(*, install_ours: bool) -> None:
    """Install what is missing. Raises CannotPrepare."""
    BENCH.mkdir(exist_ok=True)
    (BENCH / ".gitignore").write_text("*\n")
    _prepare_venv()
    _prepare_pm2()
    _prepare_wrk()
    if install_ours and "MAINSTAY_BIN" not in os.environ:
        _install(["--force-reinstall", "--no-deps", str(ROOT)])


def _prepare_venv() -> None:
    wanted = (ROOT / "benchmarks" / "requirements.txt").read_text()
    stamp = VENV / "installed-requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists():
        _call([sys.executable, "-m", "venv", str(VENV)], "make a virtual environment")
    _install(["-r", str(ROOT / "benchmarks" / "requirements.txt"), f"{ROOT}[all]"])
    stamp.write_text(wanted)


def _install(arguments: list[str]) -> None:
    _call([str(BIN / "python"), "-m", "pip", "install", "--quiet", *arguments], f"install {' '.join(arguments)}")


def _prepare_pm2() -> None:
    if PM2.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise CannotPrepare("cannot install pm2: npm is missing (Debian: apt-get install npm)")
    NODE.mkdir(parents=True, exist_ok=True)
    (NODE / "package.json").write_text('{"private": true}\n')
    _call([npm, "install", "--no-fund", "--no-audit", "--prefix", str(NODE), f"pm2@{PM2_VERSION}"], "install pm2")


def _prepare_wrk() -> None:
    if shutil.which("wrk"):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise CannotPrepare("cannot measure throughput: wrk is missing (Debian: apt-get install wrk)")
    _call([apt, "-o", "DPkg::Lock::Timeout=240", "install", "-y", "-qq", "wrk"], "install wrk")


def _call(argv: list[str], what: str) -> None:
    # Byte code is part of an installation: without it every first import would be measured too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise CannotPrepare(f"cannot {what}: {done.stderr.strip() or done.stdout.strip()}")


def versions(environment: Mapping[str, str]) -> dict[str, str]:
    """The versions of everything measured."""
    script = (
        "import importlib.metadata as m\n"
        "for n in ('mainstay','uvicorn','uvloop','httptools','gunicorn','uvicorn-worker','granian','fastapi',"
        "'sqlalchemy','flask','a2wsgi','supervisor','circus'):\n"
        "    try: print(n, m.version(n))\n"
        "    except m.PackageNotFoundError: pass\n"
    )
    done = subprocess.run([str(BIN / "python"), "-c", script], env=dict(environment), capture_output=True, text=True)
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    node = shutil.which("node")
    if node is not None:
        found["node"] = subprocess.run([node, "-v"], capture_output=True, text=True).stdout.strip()
    found["pm2"] = PM2_VERSION
    return found
