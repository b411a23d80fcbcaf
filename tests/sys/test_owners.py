import os
import pwd
import socket
from pathlib import Path

from mainstay.sys import owners
from mainstay.sys.owners import Owner
from tests.sys.children import line, python

SERVER = """
import socket
from mainstay.sys.subreaper import set_name
set_name("other app")
import sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], 0), family=family, dualstack_ipv6=sys.argv[1] == "::")
print(server.getsockname()[1], flush=True)
input()
"""


def expected(pid: int) -> Owner:
    return Owner(pid, "other app", pwd.getpwuid(os.geteuid()).pw_name)


def test_the_process_that_listens_is_named() -> None:
    with python(SERVER, "127.0.0.1") as server:
        port = int(line(server))

        assert owners.listening_on("127.0.0.1", port) == expected(server.pid)
        assert owners.listening_on("0.0.0.0", port) == expected(server.pid)
        assert owners.listening_on("localhost", port) == expected(server.pid)
        assert owners.listening_on("127.0.0.2", port) is None


def test_a_listener_on_all_addresses_is_in_the_way_of_each() -> None:
    with python(SERVER, "0.0.0.0") as server:
        port = int(line(server))

        assert owners.listening_on("127.0.0.1", port) == expected(server.pid)
        assert owners.listening_on("", port) == expected(server.pid)


def test_a_listener_of_both_families_is_in_the_way_of_ipv4() -> None:
    if socket.has_dualstack_ipv6():
        with python(SERVER, "::") as server:
            assert owners.listening_on("127.0.0.1", int(line(server))) == expected(server.pid)


def test_nobody_listens_on_a_port_that_is_only_connected_from() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert owners.listening_on("127.0.0.1", client.getsockname()[1]) is None


def test_the_owner_of_a_socket_file_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "a b.sock")
    code = """
import socket, sys
from mainstay.sys.subreaper import set_name
set_name("other app")
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print(1, flush=True)
input()
"""
    with python(code, path) as server:
        line(server)

        assert owners.unix_owner(path) == expected(server.pid)
    assert owners.unix_owner(path) is None
