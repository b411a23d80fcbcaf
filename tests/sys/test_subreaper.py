import os
import signal

from mainstay.sys import procfs
from tests.sys.children import line, python
from tests.waiting import until


def test_a_subreaper_inherits_its_orphans() -> None:
    code = """
import os, sys, time
from mainstay.sys.subreaper import become_subreaper
assert become_subreaper()
reaper = os.getpid()
middle = os.fork()
if middle == 0:
    if os.fork() == 0:
        while os.getppid() != reaper: time.sleep(0.001)
        print(os.getppid(), flush=True)
    os._exit(0)
os.waitpid(middle, 0)
orphan, status = os.wait()
print(status, flush=True)
"""
    with python(code) as process:
        assert int(line(process)) == process.pid
        assert line(process) == "0"


def test_children_that_have_ended_are_taken_away_with_how_they_ended() -> None:
    code = """
import os, sys, time
from mainstay.sys.subreaper import become_subreaper, reap
become_subreaper()
if os.fork() == 0:
    if os.fork() == 0:
        os._exit(3)
    os._exit(0)
codes = []
while len(codes) < 2:
    codes += [os.waitstatus_to_exitcode(status) for status in reap().values()]
    time.sleep(0.001)
print(sorted(codes), reap(), flush=True)
"""
    with python(code) as process:
        assert line(process) == "[0, 3] {}"


def test_a_name_is_set_and_cut_to_fifteen_bytes_between_characters() -> None:
    code = "import sys; from mainstay.sys.subreaper import set_name; print(set_name(sys.argv[1]), flush=True); input()"
    with python(code, "a-very-long-né-name") as process:
        assert line(process) == "True"
        found = procfs.stat(process.pid)

        assert found is not None
        assert found.name == "a-very-long-n\u00e9"[:14] == "a-very-long-né"


def test_a_child_dies_with_its_parent() -> None:
    code = """
import os, signal, time
from mainstay.sys.subreaper import die_with_parent
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    assert die_with_parent(signal.SIGKILL)
    os.write(tell, b"x")
    while True: time.sleep(100)
os.read(ready, 1)
print(child, flush=True)
time.sleep(1000)
"""
    with python(code) as process:
        child = int(line(process))
        assert procfs.start_time(child) is not None
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: (found := procfs.stat(child)) is None or found.ended)
