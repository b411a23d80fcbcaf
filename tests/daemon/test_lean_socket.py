import os
import socket
from pathlib import Path

from mainstay.daemon import lean_socket


def test_what_it_accepts_is_of_its_kind_and_not_inherited(tmp_path: Path) -> None:
    with lean_socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            accepted, _ = listener.accept()
            with accepted:
                client.sendall(b"hello")

                assert accepted.recv(10) == b"hello"
                assert isinstance(accepted, lean_socket.socket)
                assert not os.get_inheritable(accepted.fileno())


def test_a_pair_is_connected_and_its_copies_are_the_same_socket() -> None:
    one, two = lean_socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, two, two.dup() as copy:
        two.close()
        one.send(b"x")

        assert copy.recv(10) == b"x"
        assert not os.get_inheritable(copy.fileno())


def test_it_is_closed_at_the_end_of_its_block() -> None:
    with lean_socket.socket(socket.AF_UNIX) as sock:
        assert sock.fileno() >= 0

    assert sock.fileno() == -1


def test_it_has_every_name_that_is_used_of_it() -> None:
    names = ("AF_UNIX", "SO_REUSEPORT", "SCM_RIGHTS", "MSG_CMSG_CLOEXEC", "gaierror", "getaddrinfo", "CMSG_SPACE")

    assert all(hasattr(lean_socket, name) for name in names)
