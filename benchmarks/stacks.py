"""Web stacks that serve an app in one process, and are asked for paths that differ in one thing."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import APPS, CannotServe, free_port, get, say
from benchmarks.environment import BIN, NODE, base_environment
from benchmarks.processes import TooSlow, cpu_seconds, end, spawn, tree, until

WEB = APPS / "web"
START_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A server with an app of benchmarks/apps/web; `command` makes its arguments of the port."""

    name: str
    command: Callable[[int], list[str]]


@dataclass(frozen=True, slots=True)
class Live:
    """A stack that answers."""

    stack: Stack
    port: int
    folder: Path
    pids: tuple[int, ...]

    def url(self, path: str) -> str:
        """Where a path of it is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far, in seconds."""
        return cpu_seconds(self.pids)

    def lines(self, part: str) -> int:
        """How many lines of its output have this in them."""
        return sum(part in line for line in (self.folder / "server.log").read_text(errors="replace").splitlines())


def uvicorn(module: str, *options: str) -> Stack:
    """One uvicorn process."""

    def command(port: int) -> list[str]:
        fixed = [str(BIN / "uvicorn"), f"{module}:app", "--host", "127.0.0.1", "--port", str(port)]
        return [*fixed, "--log-level", "info", *options]

    return Stack(f"uvicorn {module} {' '.join(options)}".strip(), command)


def gunicorn(module: str, *options: str) -> Stack:
    """gunicorn with one sync worker: with threads the figures jump by a factor, as they contend for the GIL."""

    def command(port: int) -> list[str]:
        fixed = [str(BIN / "gunicorn"), f"{module}:app", "-b", f"127.0.0.1:{port}", "-w", "1", "--log-level", "warning"]
        return [*fixed, *options]

    return Stack(f"gunicorn {module} {' '.join(options)}".strip(), command)


def node(script: str) -> Stack:
    """One Node process."""
    return Stack(f"node {script}", lambda port: [shutil.which("node") or "node", str(WEB / script), str(port)])


@contextmanager
def live(stack: Stack, environment: Mapping[str, str]) -> Iterator[Live]:
    """The stack until the block ends; entered when it answers `/bare`. Raises CannotServe."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    port = free_port()
    told = {"PYTHONPATH": str(WEB), "NODE_PATH": str(NODE / "node_modules"), "NODE_ENV": "production"}
    process = spawn(stack.command(port), env={**base_environment(), **told, **environment}, cwd=folder)
    try:
        _wait(process, port, folder)
        yield Live(stack, port, folder, tuple(tree(process.pid)))
    finally:
        end(tree(process.pid))
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    """Until it answers. Raises CannotServe with what it printed, when it ends or takes too long."""
    try:
        until(lambda: process.poll() is not None or get(port, "/bare") is not None, START_TIMEOUT, "an answer")
    except TooSlow as error:
        problem = str(error)
    else:
        if process.poll() is None:
            return
        problem = "it has ended"
    said = (folder / "server.log").read_text(errors="replace")[-2000:]
    raise CannotServe(f"{problem}\n{said}")


@contextmanager
def all_live(stacks: Sequence[Stack], environment: Mapping[str, str]) -> Iterator[dict[Stack, Live]]:
    """All of them at once, each idle while another is asked; one that does not start is told of and left out."""
    found: dict[Stack, Live] = {}
    with ExitStack() as context:
        for stack in stacks:
            try:
                found[stack] = context.enter_context(live(stack, environment))
            except CannotServe as error:
                say(f"  {stack.name}: FAILED: {error}")
        yield found
