import os
import subprocess

import pytest

from mainstay.sys import foreign_exit, pidfd
from mainstay.sys.exits import Code, ExitStatus, Signal, Unknown
from tests.sys.children import line, python
from tests.waiting import until

# A parent that is not us: it has a child that ends when told, and reaps it when told.
PARENT = """
import os, signal, sys
hold, go = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(go)
    os.read(hold, 1)
    exec(sys.argv[1])
print(pid, flush=True)
input()
os.close(go)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("ended", flush=True)
input()
os.waitpid(pid, 0)
print("reaped", flush=True)
input()
"""


def tell(process: "subprocess.Popen[str]") -> str:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return line(process)


@pytest.mark.parametrize(
    ("end", "status"),
    [("os._exit(3)", Code(3)), ("os.kill(os.getpid(), signal.SIGKILL)", Signal(9, dumped=False))],
)
def test_how_the_child_of_another_ended_is_known_before_it_is_reaped(end: str, status: ExitStatus) -> None:
    with python(PARENT, end) as parent:
        handle = pidfd.open_pidfd(int(line(parent)))
        assert handle is not None

        assert pidfd.look(handle) is None
        assert tell(parent) == "ended"
        assert until(lambda: pidfd.look(handle)) == status
        # Once reaped: what a new kernel has kept, and never something else.
        assert tell(parent) == "reaped"
        assert pidfd.look(handle) in (status, Unknown())
        assert foreign_exit.look(handle) in (status, Unknown())
        assert pidfd.reap(handle) is None
        os.close(handle)
