import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from mainstay.daemon.capture import Capture, SinkSpec
from mainstay.daemon.capture.transfer import Transfer
from mainstay.model.spec import LogPolicy
from mainstay.sys.pipes import output_pipe
from tests.daemon.capture.apps import NUMBERED, numbers
from tests.waiting import until

DAEMON = """
import os, signal, socket, sys
from mainstay.daemon.capture import Capture, SinkSpec
from mainstay.daemon.capture.disk import Disk
from mainstay.model.spec import LogPolicy

class Deadly(Disk):
    left = 5
    def splice(self, pipe, file, size, offset):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().splice(pipe, file, min(size, 10_000), offset)

channel = socket.socket(fileno=int(sys.argv[1]))
capture = Capture(print, disk=Deadly())
socket.send_fds(channel, [b"x"], capture.transfer_fds)
capture.open("a", int(sys.argv[2]), SinkSpec(sys.argv[3], "out", "web", 0, LogPolicy()))
signal.pause()
"""


def test_a_killed_daemon_loses_and_repeats_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "web-0.out.log")
    read_fd, write_fd = output_pipe()
    ours, theirs = socket.socketpair()
    arguments = [str(theirs.fileno()), str(read_fd), path]
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, *arguments],
        pass_fds=(theirs.fileno(), read_fd),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    held = tuple(socket.recv_fds(ours, 1, 3)[1])
    writer = subprocess.Popen([sys.executable, "-c", NUMBERED, "0", "50000", "a"], stdout=write_fd)
    assert daemon.wait(60) == -signal.SIGKILL

    capture = Capture(print, inherited=held)
    capture.open("a", read_fd, SinkSpec(path, "out", "web", 0, LogPolicy()))
    assert writer.wait(60) == 0
    capture.finish("a")
    assert capture.barrier(60)
    capture.close()
    os.close(write_fd)
    ours.close()
    theirs.close()

    assert numbers(Path(path).read_bytes()) == list(range(50_000))


def test_nothing_to_read_is_not_the_end() -> None:
    transfer = Transfer()
    read_fd, write_fd = output_pipe()

    assert transfer.fill(read_fd, "/x") == 0
    os.write(write_fd, b"abc")
    assert transfer.fill(read_fd, "/x") == transfer.pending() == 3
    os.close(write_fd)
    assert transfer.fill(read_fd, "/y") is None
    assert (transfer.read(10), transfer.read(10), transfer.path) == (b"abc", b"", "/y")
    os.close(read_fd)
    transfer.close()


def test_another_process_learns_what_the_pipe_holds_and_for_whom() -> None:
    transfer = Transfer()
    read_fd, write_fd = output_pipe()
    os.write(write_fd, b"abc")
    transfer.fill(read_fd, "/a/rather/long/path.log")
    transfer.read(3)
    os.write(write_fd, b"abcd")
    transfer.fill(read_fd, "/short\udcff.log")
    heir = Transfer(tuple(os.dup(fd) for fd in transfer.fds))

    assert (heir.pending(), heir.path) == (4, "/short\udcff.log")
    for fd in (read_fd, write_fd):
        os.close(fd)
    heir.close()
    transfer.close()
    assert until(lambda: not transfer.usable)
