"""Which log files there are: as the daemon tells, or, when none runs, as their names in MAINSTAY_HOME/logs say."""

from __future__ import annotations

import os

from mainstay.client.logs import Stream
from mainstay.errors import NoSuchName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Streams


def streams_of(client: Client, selectors: Sequence[str]) -> list[Stream]:
    """Those of the selected apps and slots (none: of all). Raises Refused for an unknown name."""
    told: Streams = client.ask("streams", {"selectors": list(selectors)})
    return [Stream(s["app"], s["slot"], s["index"], s["stream"], s["path"]) for s in told["streams"]]


def streams_on_disk(home: str, selectors: Sequence[str]) -> list[Stream]:
    """The same from file names. Namespaces, numbers of the list and files elsewhere are known to a daemon only.

    Raises NoSuchName.
    """
    folder = os.path.join(home, "logs")
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        names = []
    streams = [stream for name in names if (stream := _stream(folder, name)) is not None]
    known = {name for stream in streams for name in (stream.app, stream.slot, "all")}
    for selector in selectors:
        if selector not in known:
            raise NoSuchName(f"no log of {selector!r} is in {folder}", hint="no daemon runs; files are all there is")
    return [s for s in streams if not selectors or "all" in selectors or {s.app, s.slot} & set(selectors)]


def streams_expected(home: str, specs: Sequence[AppSpec], cores: int) -> list[Stream]:
    """Those that these apps will have when they are started, whatever comes of it."""
    from mainstay.model.spec import slots_wanted

    found = []
    for spec in specs:
        places = [(f"{spec.name}-template", -1)]
        places += [(f"{spec.name}-{index}", index) for index in range(slots_wanted(spec.instances, cores))]
        for place, index in places:
            for kind, declared in (("out", spec.logs.out), ("err", spec.logs.err)):
                path = declared or os.path.join(home, "logs", f"{place}.{kind}.log")
                found.append(Stream(spec.name, place, index, kind, path))
    return found


def _stream(folder: str, name: str) -> Stream | None:
    """From `web-0.out.log` or `web-template.err.log`; None for other files."""
    stem, dot, kind = name.removesuffix(".log").rpartition(".")
    app, _, place = stem.rpartition("-")
    numbered = place.isascii() and place.isdecimal()
    if not (name.endswith(".log") and dot and kind in ("out", "err") and app and (numbered or place == "template")):
        return None
    return Stream(app, stem, int(place) if numbered else -1, kind, os.path.join(folder, name))
