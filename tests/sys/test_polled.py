import os
import signal

from mainstay.sys import polled
from mainstay.sys.exits import Code, Unknown
from tests.sys.children import forked, line, python


def test_a_status_is_kept_until_it_is_reaped() -> None:
    with forked(code=4) as pid:
        assert polled.look(pid) == Code(4)
        assert polled.exists(pid)
        assert not polled.send(pid, signal.SIGTERM)
        assert polled.reap(pid) == Code(4)
        assert not polled.exists(pid)


def test_another_childs_status_is_not_lost_by_looking_for_any() -> None:
    with forked(code=1) as one, forked(code=2) as two:
        first = polled.look_any()

        assert first is not None
        assert polled.look(one) == Code(1)
        assert polled.look(two) == Code(2)
        assert {polled.reap(one), polled.reap(two)} == {Code(1), Code(2)}
        assert polled.look_any() is None


def test_how_a_stranger_ended_is_unknown() -> None:
    with python("import os; r = os.fork(); print(r, flush=True) if r else input(); os.wait() if r else None") as parent:
        stranger = int(line(parent))

        assert polled.look(stranger) is None
        assert polled.exists(stranger)
        os.kill(stranger, signal.SIGKILL)
        parent.wait()
        assert polled.look(stranger) == Unknown()
