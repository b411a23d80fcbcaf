import os
import signal
import subprocess
from dataclasses import replace

from mainstay.sys import procfs, tree
from tests.sys.children import forked, line, sleeper
from tests.waiting import until

# A shell with a child, an orphan in its session, and a child in a session of its own that has a child.
FAMILY = """
sleep 1001 &
(sleep 1002 & )
setsid sh -c 'sleep 1003 & wait' &
echo ready
wait
"""


def names(members: tuple[tree.Member, ...]) -> list[str]:
    return sorted(member.name for member in members)


def test_all_of_a_tree_are_members_and_end() -> None:
    with subprocess.Popen(["sh", "-c", FAMILY], stdout=subprocess.PIPE, text=True, start_new_session=True) as leader:
        assert line(leader) == "ready"
        members = until(lambda: len(found := tree.members(leader.pid, leader.pid)) == 5 and found)
        assert members
        until(lambda: names(tree.members(leader.pid, leader.pid)) == ["sh", "sh", "sleep", "sleep", "sleep"])

        assert members[0].pid == leader.pid
        assert set(tree.signal_all(members, signal.SIGKILL)) == set(members)
        leader.wait()
        until(lambda: tree.survivors(members) == ())
        assert tree.signal_all(members, signal.SIGKILL) == ()
        assert tree.members(leader.pid, leader.pid) == ()


def test_a_tree_is_found_by_its_session_when_its_leader_is_gone() -> None:
    with subprocess.Popen(
        ["sh", "-c", "sleep 1001 & echo ready"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert line(leader) == "ready"
        leader.wait()
        until(lambda: names(tree.members(leader.pid, leader.pid)) == ["sleep"])
        members = tree.members(leader.pid, leader.pid)

        assert tree.signal_all(members, signal.SIGKILL) == members
        until(lambda: tree.survivors(members) == ())


def test_a_stranger_with_a_reused_pid_is_not_hit() -> None:
    with sleeper(session=True) as child:
        (member,) = tree.members(child.pid, child.pid)
        earlier = replace(member, start=member.start - 1)

        assert tree.survivors([member, earlier]) == (member,)
        assert tree.signal_all([earlier], signal.SIGKILL) == ()
        assert procfs.start_time(child.pid) == member.start
        assert child.poll() is None


def test_a_zombie_is_no_member_and_no_survivor() -> None:
    with forked() as pid:
        start = procfs.start_time(pid)
        assert start is not None
        zombie = tree.Member(pid, start, "")

        assert pid not in [member.pid for member in tree.members(pid, -1)]
        assert tree.survivors([zombie]) == tree.signal_all([zombie], signal.SIGTERM) == ()


def test_we_never_belong_to_a_tree_that_is_to_be_ended() -> None:
    with sleeper() as child:
        members = tree.members(os.getpid(), os.getsid(0))

        assert child.pid in [member.pid for member in members]
        assert os.getpid() not in [member.pid for member in members]
        assert 1 not in [member.pid for member in members]
