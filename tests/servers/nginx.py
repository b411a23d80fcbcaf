"""A real nginx with a configuration of the test's own, in the foreground and in a folder of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.account import program
from tests.servers.process import listens_on
from tests.waiting import until

_CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""


@contextmanager
def nginx(folder: Path, http: str, *ports: int) -> Iterator[Path]:
    """nginx with `http` in its block of that name, until the block ends; entered when it listens on all the ports.

    Yields its folder, in which are its `access.log` and its `error.log`.
    """
    # As root its workers would become somebody who may not write to the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, http=http, user=user))
    process = subprocess.Popen(
        [program("nginx"), "-p", str(folder), "-c", str(file)], stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: process.poll() is not None or all(map(listens_on, ports)), what="nginx")
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        yield folder
    finally:
        process.terminate()
        process.communicate(timeout=30)
