"""What a daemon has recorded, for the tests of this folder."""

import json
from pathlib import Path
from typing import Any

from tests.daemon.running import Daemon
from tests.waiting import until

# Any: an event is plain JSON; a test looks at the keys it means.
Event = dict[str, Any]


def events(home: Path, *kinds: str) -> list[Event]:
    """The events in the current file, of these kinds or all."""
    path = home / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines if line]
    return [event for event in found if not kinds or event["event"] in kinds]


def until_events(daemon: Daemon, kind: str, count: int = 1) -> list[Event]:
    """Wait until there are so many of a kind."""
    return until(lambda: found if len(found := events(daemon.home, kind)) >= count else [], what=f"{count} {kind}")
