"""Real Memcached servers for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.certificates import make_certificate
from tests.servers.process import Process, answers, free_port, listens

VERSION = (b"version\r\n", b"VERSION")
NOT_LET_IN = (b"version\r\n", b"CLIENT_ERROR")


class MemcachedServer:
    """One memcached. `options` are further arguments of its command line."""

    def __init__(self, folder: Path, *options: str, login: str = "", with_tls: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.authority = folder / "server.crt"
        argv = ["memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", *options]
        if login:
            accounts = folder / "accounts"
            accounts.write_text(f"{login}\n")
            argv += ["-Y", str(accounts)]
        asked = self.port
        if with_tls:
            made = make_certificate(folder)
            asked = free_port()
            argv += ["-Z", "-o", f"ssl_chain_cert={made.certificate},ssl_key={made.key}"]
            argv += ["-l", f"notls:127.0.0.1:{asked}"]
        question = NOT_LET_IN if login else VERSION
        self.process = Process(argv, folder / "memcached.log", lambda: answers(asked, *question))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def memcached_server(folder: Path, *options: str, login: str = "", with_tls: bool = False) -> Iterator[MemcachedServer]:
    """One that runs meanwhile."""
    server = MemcachedServer(folder, *options, login=login, with_tls=with_tls)
    with server.process.running():
        yield server


@contextmanager
def memcached_at_a_socket(folder: Path) -> Iterator[Path]:
    """One that listens at a Unix socket alone; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "m.sock"
    argv = ["memcached", "-u", "root", "-s", str(path)]
    with Process(argv, folder / "memcached.log", lambda: listens(path)).running():
        yield path
