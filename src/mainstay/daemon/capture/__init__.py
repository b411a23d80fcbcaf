"""Capture: reading the workers' output and keeping it in log files."""

from mainstay.daemon.capture.backlog import Dropped
from mainstay.daemon.capture.capture import Capture
from mainstay.daemon.capture.intake import make as make_intake
from mainstay.daemon.capture.source import SinkSpec

__all__ = ["Capture", "Dropped", "SinkSpec", "make_intake"]
