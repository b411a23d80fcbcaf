from dataclasses import replace

import pytest

from mainstay.daemon.targets import Unreachable, connect, host_of, targets
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Command, EnvLayer, TcpBind

WORKER = WorkerId(SlotId("web", 2), 1, 1)
SPEC = AppSpec("web", Command(("serve",)), "/", env=(EnvLayer("env", {"PORT": "4000"}),))


def test_a_program_with_a_port_of_its_own_is_asked_there() -> None:
    own = replace(SPEC, program=Command(("serve",), increment="PORT"))

    assert targets(own, WORKER, ()) == ("127.0.0.1:4002",)


def test_others_are_asked_where_their_app_was_bound_or_said_that_it_listens() -> None:
    bound = replace(SPEC, binds=(TcpBind("127.0.0.1", 0),))

    assert targets(bound, WORKER, ("127.0.0.1:8123",)) == ("127.0.0.1:8123",)
    assert targets(SPEC, WORKER, ()) == ("127.0.0.1:4000",)


def test_the_host_of_a_request_is_one_that_can_be_called() -> None:
    assert host_of(("0.0.0.0:80",)) == "127.0.0.1:80"
    assert host_of(("[::]:80",)) == "[::1]:80"
    assert host_of(("shop.example:80",)) == "shop.example:80"
    assert host_of(("unix:/run/web.sock",)) == "localhost"
    assert host_of(()) == "localhost"


def test_what_cannot_be_asked_says_why() -> None:
    with pytest.raises(Unreachable, match="no address"):
        connect(())
    with pytest.raises(Unreachable, match="names are not looked up"):
        connect(("shop.example:80",))
    with pytest.raises(Unreachable, match="no such file"):
        connect(("unix:/nonexistent/web.sock",))
