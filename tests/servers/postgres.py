"""A real PostgreSQL for tests: a new cluster in a folder of its own, without durability, gone afterwards."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.account import certificate_in, program, run, server_folder, serving
from tests.servers.database import Database

_DEBIAN = "/usr/lib/postgresql/*/bin"  # not on PATH there
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=100")


@contextmanager
def postgres(*, tls: bool = False) -> Iterator[Database]:
    """Start it on a free port; its account is a superuser and needs a password. `tls`: it speaks TLS, too."""
    with server_folder("postgres") as folder:
        certificate = certificate_in(folder) if tls else None
        password = Database("postgresql", 0).password
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o644)
        data = str(folder / "data")
        run(
            [
                *(program("initdb", _DEBIAN), "--pgdata", data, "--username", Database("", 0).user),
                *("--auth", "scram-sha-256", "--pwfile", str(folder / "password")),
                *("--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            folder,
        )

        def argv(port: int) -> list[str]:
            settings = [*_QUICK, f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
            if certificate:
                settings += ["ssl=on", f"ssl_cert_file={certificate.certificate}", f"ssl_key_file={certificate.key}"]
            return [program("postgres", _DEBIAN), "-D", data, *(word for one in settings for word in ("-c", one))]

        # SIGINT: with SIGTERM it would wait for clients to leave.
        with serving(argv, folder, _is_ready, signal.SIGINT) as port:
            database = Database("postgresql", port, ca=str(certificate.certificate) if certificate else "")
            run(
                [
                    *(program("createdb", _DEBIAN), "--host", database.host, "--port", str(port)),
                    *("--username", database.user, "--no-password", "--maintenance-db", "postgres", database.database),
                ],
                folder,
                {"PGPASSWORD": password},
            )
            yield database


def _is_ready(port: int) -> bool:
    argv = [program("pg_isready", _DEBIAN), "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(argv, env=env, check=False).returncode == 0
