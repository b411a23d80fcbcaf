"""Events are data: they are compared by value, and can be kept in the state file."""

import pytest

from mainstay.core.events import (
    Apply,
    Decide,
    Delete,
    Kill,
    Reload,
    Request,
    Reset,
    Restart,
    Scale,
    Signal,
    Start,
    Stop,
)
from mainstay.model.codec import dump, load
from mainstay.model.spec import EnvLayer
from tests.core.specs import JOBS, WEB

REQUESTS: list[Request] = [
    Apply(1, (WEB, JOBS), True),
    Start(2, ("web",)),
    Stop(3, ("web", "jobs-0")),
    Restart(4, ("web",), EnvLayer("shell", {"A": "1"})),
    Reload(5, ("web",), 10, None),
    Decide(6, ("web",), False),
    Scale(7, "web", "+2"),
    Delete(8, ("all",)),
    Signal(9, ("web",), 10),
    Reset(10, ("web",)),
    Kill(11),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_request_that_waits_survives_the_daemon(request_: Request) -> None:
    kept: Request = load(Request, dump(request_))  # type: ignore[arg-type]  # a union is no type[T], and is read as one

    assert kept == request_
