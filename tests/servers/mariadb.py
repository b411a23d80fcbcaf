"""A real MariaDB for tests: a new data folder, without durability, gone afterwards."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.account import certificate_in, greets, program, run, server_folder, serving
from tests.servers.database import Database

_QUICK = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--innodb-doublewrite=0",
    "--performance-schema=off",
    "--skip-name-resolve",
)


@contextmanager
def mariadb(*, tls: bool = False) -> Iterator[Database]:
    """Start it on a free port; its account may do everything and needs a password. `tls`: it speaks TLS, too."""
    with server_folder("mariadb") as folder:
        certificate = certificate_in(folder) if tls else None
        data, user = f"--datadir={folder / 'data'}", pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid).pw_name
        run(
            [
                *(program("mariadb-install-db"), "--no-defaults", data, f"--user={user}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"),
                "--innodb-log-file-size=8M",
            ],
            folder,
            {"TMPDIR": str(folder)},  # two at once would take each other's temporary tables
        )
        account = Database("mysql", 0)
        (folder / "first.sql").write_text(
            f"CREATE DATABASE {account.database};\n"
            f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}';\n"
            f"GRANT ALL ON *.* TO '{account.user}'@'%';\n"
            "DELETE FROM mysql.global_priv WHERE User = '';\n"  # anonymous accounts, which come before '%'
            "FLUSH PRIVILEGES;\n"
        )
        (folder / "first.sql").chmod(0o644)

        def argv(port: int) -> list[str]:
            return [
                *(program("mariadbd"), "--no-defaults", data, f"--port={port}", "--bind-address=127.0.0.1"),
                *(f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}", f"--init-file={folder / 'first.sql'}"),
                *(*_QUICK, f"--tmpdir={folder}"),
                *((f"--ssl-cert={certificate.certificate}", f"--ssl-key={certificate.key}") if certificate else ()),
            ]

        with serving(argv, folder, greets) as port:
            yield Database("mysql", port, ca=str(certificate.certificate) if certificate else "")
