"""Real Redis servers for tests: one alone (TCP, TLS, Unix socket, passwords), a pair under Sentinel, a cluster."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.certificates import make_certificate
from tests.servers.process import Process, answers, free_port, listens
from tests.waiting import until

PING = (b"PING\r\n", b"+PONG")
NOT_LET_IN = (b"PING\r\n", b"-NOAUTH")


class RedisServer:
    """One redis-server. `options` are lines of its configuration file."""

    def __init__(self, folder: Path, *options: str, password: str = "", with_tls: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.socket = folder / "r.sock"
        self.tls_port = free_port() if with_tls else 0
        self.authority = folder / "server.crt"
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"unixsocket {self.socket}",
            f"dir {folder}",
            'save ""',
            "appendonly no",
            *options,
        ]
        if with_tls:
            made = make_certificate(folder)
            lines += [f"tls-port {self.tls_port}", f"tls-cert-file {made.certificate}", f"tls-key-file {made.key}"]
            lines += ["tls-auth-clients no", f"tls-ca-cert-file {made.certificate}"]
        if password:
            lines.append(f'requirepass "{password}"')
        self.config = folder / "redis.conf"
        self.config.write_text("\n".join(lines) + "\n")
        question, answer = NOT_LET_IN if password else PING
        self.process = Process(
            ["redis-server", str(self.config)], folder / "redis.log", lambda: self._up(question, answer)
        )

    @property
    def url(self) -> str:
        """Its URL, without a password."""
        return f"redis://127.0.0.1:{self.port}/0"

    def cli(self, *arguments: str) -> str:
        """What `redis-cli` prints for a command."""
        argv = ["redis-cli", "-p", str(self.port), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout.strip()

    def clients(self) -> int:
        """How many connections it has, without the one that asks."""
        return len(self.cli("client", "list").splitlines()) - 1

    def _up(self, question: bytes, answer: bytes) -> bool:
        return answers(self.port, question, answer) and listens(self.socket)


@contextmanager
def redis_server(folder: Path, *options: str, password: str = "", with_tls: bool = False) -> Iterator[RedisServer]:
    """One that runs meanwhile."""
    server = RedisServer(folder, *options, password=password, with_tls=with_tls)
    with server.process.running():
        yield server


@contextmanager
def redis_cluster(folder: Path) -> Iterator[list[RedisServer]]:
    """Three nodes that have found each other and serve all slots."""
    with ExitStack() as stack:
        nodes = [RedisServer(folder / str(number), *cluster_options()) for number in range(3)]
        for node in nodes:
            stack.enter_context(node.process.running())
        addresses = [f"127.0.0.1:{node.port}" for node in nodes]
        subprocess.run(
            ["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        for node in nodes:
            until(lambda node=node: "cluster_state:ok" in node.cli("cluster", "info"), 60)  # type: ignore[misc]
        yield nodes


def cluster_options() -> tuple[str, ...]:
    """What makes a node of a server. Its second port would else be 10000 above the first, whoever has that one."""
    return ("cluster-enabled yes", f"cluster-port {free_port()}", "cluster-node-timeout 2000")


class Pair:
    """A primary, its replica, and a Sentinel that knows them as "main"."""

    def __init__(self, folder: Path) -> None:
        self.primary = RedisServer(folder / "primary")
        replica_of = f"replicaof 127.0.0.1 {self.primary.port}"
        self.replica = RedisServer(folder / "replica", replica_of, "repl-diskless-sync-delay 0")
        self.port = free_port()
        config = folder / "sentinel.conf"
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {folder}",
            f"sentinel monitor main 127.0.0.1 {self.primary.port} 1",
            "sentinel down-after-milliseconds main 500",
            "sentinel failover-timeout main 3000",
        ]
        config.write_text("\n".join(lines) + "\n")
        argv = ["redis-server", str(config), "--sentinel"]
        self.sentinel = Process(argv, folder / "sentinel.log", lambda: answers(self.port, *PING))

    def knows_the_replica(self) -> bool:
        """Whether Sentinel has seen the replica, so that it could promote it."""
        argv = ["redis-cli", "-p", str(self.port), "sentinel", "replicas", "main"]
        said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout
        return "\nmaster-link-status\nok\n" in f"\n{said}\n"


@contextmanager
def redis_sentinel(folder: Path) -> Iterator[Pair]:
    """A pair under Sentinel that could fail over now."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        pair = Pair(folder)
        for process in (pair.primary.process, pair.replica.process, pair.sentinel):
            stack.enter_context(process.running())
        until(pair.knows_the_replica, 60, "Sentinel to know the replica")
        yield pair
