"""supervisord and circusd, as uvicorn's documentation says: the supervisor binds the port, and the uvicorn processes
serve on its socket, which they inherit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.contender import Site
from benchmarks.environment import BIN, base_environment
from benchmarks.peers import RunningServer
from benchmarks.processes import run

SUPERVISORD = """\
[supervisord]
nodaemon = true

[unix_http_server]
file = supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://supervisor.sock

[fcgi-program:app]
socket = tcp://127.0.0.1:{port}
command = {uvicorn} --fd 0 app:app --no-access-log --log-level warning
process_name = app-%(process_num)d
numprocs = {workers}
"""

CIRCUSD = """\
[circus]
endpoint = ipc://control.sock
pubsub_endpoint = ipc://events.sock

[socket:web]
host = 127.0.0.1
port = {port}

[watcher:app]
cmd = {uvicorn} --fd $(circus.sockets.web) app:app --no-access-log --log-level warning
use_sockets = True
numprocesses = {workers}
"""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A supervisor with a file that says what to run, and a command that asks it what runs."""

    name: str
    file: str
    command: tuple[str, ...]
    question: tuple[str, ...]
    understand: Callable[[str], list[int]]
    ours: bool = False

    def serve(self, site: Site) -> RunningServer:
        """Write the file and start the supervisor."""
        text = self.file.format(port=site.port, workers=site.workers, uvicorn=BIN / "uvicorn")
        (site.folder / "supervised.ini").write_text(text)
        program, *rest = self.question

        def listing() -> list[int]:
            outcome = run([str(BIN / program), *rest], env=base_environment(), cwd=site.folder)
            return self.understand(outcome.output)

        return RunningServer(self.command, site.folder, listing)


def understand_supervisorctl(said: str) -> list[int]:
    """The pids of what `supervisorctl status` shows as RUNNING."""
    return [int(pid) for pid in re.findall(r"\bRUNNING +pid (\d+),", said)]


def understand_circusctl(said: str) -> list[int]:
    """The pids that `circusctl list WATCHER` shows: `status` knows the watcher, not its processes."""
    found = re.fullmatch(r"\d+(,\d+)*", said.strip())
    return [int(pid) for pid in found.group().split(",")] if found else []


SUPERVISOR = Supervisor(
    "supervisord",
    SUPERVISORD,
    ("supervisord", "-c", "supervised.ini"),
    ("supervisorctl", "-c", "supervised.ini", "status"),
    understand_supervisorctl,
)
CIRCUS = Supervisor(
    "circusd",
    CIRCUSD,
    ("circusd", "supervised.ini"),
    ("circusctl", "--endpoint", "ipc://control.sock", "list", "app"),
    understand_circusctl,
)
