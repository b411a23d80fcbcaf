"""The private environment under .bench/: the peers, and our own wheel as a user installs it."""

import json
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
NODE_PACKAGES = {
    "pm2": "7.0.4",
    "express": "5.3.0",
    "morgan": "1.12.1",
    "express-session": "1.19.0",
    "connect-redis": "9.0.0",  # the last one for the Node of Debian's and for redis 5
    "redis": "5.12.1",
}


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
    _prepare_node()
    _prepare_program("wrk", "wrk")
    _prepare_program("redis-server", "redis-server")
    if install_ours and "MAINSTAY_BIN" not in os.environ:
        _install(["--force-reinstall", "--no-deps", str(ROOT)])


def _prepare_venv() -> None:
    # What mainstay itself needs is part of it: its wheel is installed without looking at that again.
    wanted = (ROOT / "benchmarks" / "requirements.txt").read_text() + (ROOT / "pyproject.toml").read_text()
    stamp = VENV / "installed-requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists():
        _call([sys.executable, "-m", "venv", str(VENV)], "make a virtual environment")
    _install(["-r", str(ROOT / "benchmarks" / "requirements.txt"), f"{ROOT}[all]"])
    stamp.write_text(wanted)


def _install(arguments: list[str]) -> None:
    _call([str(BIN / "python"), "-m", "pip", "install", "--quiet", *arguments], f"install {' '.join(arguments)}")


def _prepare_node() -> None:
    wanted = {name: version for name, version in NODE_PACKAGES.items() if _node_version(name) != version}
    if not wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise CannotPrepare(f"cannot install {', '.join(wanted)}: npm is missing (Debian: apt-get install npm)")
    NODE.mkdir(parents=True, exist_ok=True)
    if not (NODE / "package.json").exists():
        (NODE / "package.json").write_text('{"private": true}\n')
    packages = [f"{name}@{version}" for name, version in wanted.items()]
    _call([npm, "install", "--no-fund", "--no-audit", "--prefix", str(NODE), *packages], f"install {packages}")


def _node_version(name: str) -> str | None:
    """The version of an installed Node package; None when it is not there."""
    try:
        package = json.loads((NODE / "node_modules" / name / "package.json").read_text())
    except FileNotFoundError:
        return None
    return str(package["version"])


def _prepare_program(command: str, package: str) -> None:
    if shutil.which(command):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise CannotPrepare(f"cannot measure: {command} is missing (Debian: apt-get install {package})")
    _call([apt, "-o", "DPkg::Lock::Timeout=240", "install", "-y", "-qq", package], f"install {package}")


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
        "'sqlalchemy','flask','a2wsgi','supervisor','circus','starlette','starsessions','flask-session',"
        "'asgi-logger','redis'):\n"
        "    try: print(n, m.version(n))\n"
        "    except m.PackageNotFoundError: pass\n"
    )
    done = subprocess.run([str(BIN / "python"), "-c", script], env=dict(environment), capture_output=True, text=True)
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    node = shutil.which("node")
    if node is not None:
        found["node"] = subprocess.run([node, "-v"], capture_output=True, text=True).stdout.strip()
    # "redis" is a Python package as well.
    return found | {"node-redis" if name == "redis" else name: version for name, version in NODE_PACKAGES.items()}
