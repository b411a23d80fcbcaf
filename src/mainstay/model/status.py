"""What we tell people. PM2's words; nothing but `core/report.py` chooses between them."""

from enum import Enum


class Status(Enum):
    """The status of a slot as `list` shows it."""

    ONLINE = "online"
    LAUNCHING = "launching"
    STOPPING = "stopping"
    STOPPED = "stopped"
    WAITING = "waiting restart"
    ERRORED = "errored"
    SCHEDULED = "scheduled"


class Mark(Enum):
    """What is shown beside a status."""

    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    CANARY = "canary"
