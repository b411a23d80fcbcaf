"""What a worker is to do, with everything it needs for it."""

import socket
from dataclasses import dataclass

from mainstay.runtime.control import WorkerSide
from mainstay.runtime.load import Loaded
from mainstay.runtime.messages import Load, Place


@dataclass(frozen=True, slots=True)
class Assignment:
    """Serve `app` on `listeners`, as the worker of `place`; the sockets are this process' own from here on."""

    load: Load
    app: Loaded
    place: Place
    control: WorkerSide
    listeners: tuple[socket.socket, ...]
