"""An assignment is plain data."""

import socket

from mainstay.runtime.assignment import Assignment
from mainstay.runtime.control import WorkerSide
from mainstay.runtime.load import Loaded
from mainstay.runtime.messages import Engine, Interface, Load, Place


def test_an_assignment_says_who_and_what() -> None:
    ours, theirs = socket.socketpair()
    load = Load("web", "shop:app", Engine.UVICORN, Interface.AUTO, 40, 10.0, True)
    assignment = Assignment(load, Loaded(print, Interface.WSGI), Place("web-3@1", 3, 1), WorkerSide(theirs), (ours,))

    assert assignment.place.name == "web-3"
    assert assignment.app.interface is Interface.WSGI
    ours.close()
    theirs.close()
