import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.sys.fds import close_from, open_fds
from mainstay.sys.fdstore import FdStore
from tests.waiting import until

KILLED = """
import os, signal, socket, sys
from mainstay.sys.fds import close_from, open_fds
from mainstay.sys.fdstore import FdStore
from mainstay.sys import fds
left = int(sys.argv[1])
store = FdStore(tuple(map(int, sys.argv[2:6])))
store.recover()
send = fds.send_with_fds
def deadly(*arguments):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return send(*arguments)
import mainstay.sys.fdstore as module
module.send_with_fds = deadly
for number in range(20):
    reader, writer = os.pipe()
    os.write(writer, b"%d" % number)
    store.put(f"late {number}", (reader, writer))
    store.drop([f"early {number}"], now=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Every descriptor that a test has made is closed after it: other tests count on free numbers."""
    before = set(open_fds())
    yield
    for store in STORES:
        store.close()
    STORES.clear()
    close_from(3, before)


STORES: list[FdStore] = []


def new_store() -> FdStore:
    STORES.append(FdStore())
    return STORES[-1]


def pipe_with(text: bytes) -> tuple[int, int]:
    reader, writer = os.pipe()
    os.write(writer, text)
    return reader, writer


def heir_of(store: FdStore) -> FdStore:
    STORES.append(FdStore(tuple(os.dup(fd) for fd in store.fds)))
    return STORES[-1]


def test_what_is_kept_stays_open_when_it_is_closed_here_and_is_found_by_an_heir() -> None:
    store = new_store()
    ends = pipe_with(b"hello")
    store.put("out web-0@1.1", ends)
    for fd in ends:
        os.close(fd)

    heir = heir_of(store)

    assert heir.recover() == ("out web-0@1.1",)
    assert os.read(heir.take("out web-0@1.1")[0], 10) == b"hello"


def test_a_name_put_again_has_what_was_put_last() -> None:
    store = new_store()
    store.put("a", pipe_with(b"first"))
    store.put("a", pipe_with(b"second"))

    heir = heir_of(store)
    heir.recover()

    assert os.read(heir.take("a")[0], 10) == b"second"


def test_what_is_dropped_now_is_closed_everywhere() -> None:
    store = new_store()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    store.put("listener", (listener.fileno(),))
    listener.close()
    with socket.create_connection(("127.0.0.1", port)):
        pass

    store.drop(["listener"], now=True)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_more_names_fit_than_single_messages_would() -> None:
    store = new_store()
    ends = pipe_with(b"x")
    for number in range(2000):
        store.put(f"name {number}", ends)

    assert len(heir_of(store).recover()) == 2000


def test_a_name_may_have_more_descriptors_than_a_message_takes() -> None:
    store = new_store()
    ends = pipe_with(b"x")
    store.put("small", ends)
    store.put("large", ends * 300)
    heir = heir_of(store)

    assert heir.recover() == ("small", "large")
    assert (len(heir.take("small")), len(heir.take("large"))) == (2, 600)


def test_an_heir_can_go_on_and_has_an_heir_itself() -> None:
    store = new_store()
    store.put("a", pipe_with(b"a"))
    store.put("b", pipe_with(b"b"))
    second = heir_of(store)
    second.recover()
    second.drop(["a"], now=True)
    second.put("c", pipe_with(b"c"))

    assert sorted(heir_of(second).recover()) == ["b", "c"]


@pytest.mark.parametrize("left", [0, 1, 2, 3, 5, 8, 13, 30, 57])
def test_a_kill_at_any_moment_loses_nothing_that_was_kept(left: int) -> None:
    store = new_store()
    for number in range(20):
        store.put(f"early {number}", pipe_with(b"%d" % number))
    inherited = [str(fd) for fd in store.fds]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(left), *inherited],
        pass_fds=store.fds,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.wait(60) == -signal.SIGKILL

    heir = heir_of(store)
    names = heir.recover()

    assert {int(name.split()[1]) for name in names} == set(range(20))
    assert all(os.read(heir.take(name)[0], 9) == name.split()[1].encode() for name in names)


def test_a_shell_that_sleeps_is_enough_to_hold_it(tmp_path: Path) -> None:
    store = new_store()
    store.put("file", (os.open(tmp_path / "kept", os.O_RDWR | os.O_CREAT),))
    (tmp_path / "kept").unlink()
    held = store.fds
    shell = subprocess.Popen(["sh", "-c", "read -r word"], stdin=subprocess.PIPE, pass_fds=held)
    store.close()

    holds = until(lambda: {int(name) for name in os.listdir(f"/proc/{shell.pid}/fd")}, what="its descriptors")

    assert set(held) <= holds
    shell.communicate()
