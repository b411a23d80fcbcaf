"""What a command in the foreground serves: what files and targets declare, or what was declared before."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from mainstay.cli.applying import applications, places
from mainstay.client.connect import has_state
from mainstay.errors import UsageError
from mainstay.model.spec import LogPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.app_options import AppOptions
    from mainstay.cli.applying import Asked
    from mainstay.client.logs import Stream
    from mainstay.model.spec import AppSpec

BOUNDED = LogPolicy(rotate=4 * 1024 * 1024, keep=1, compress=False)
"""The logs of apps that ask for none: they are printed, and kept on the disk only until they are."""


class Served:
    """Where the apps come from. `specs` is how they were declared when they were last read.

    `bounded` are the names of those whose log files nobody asked to keep.
    """

    def __init__(self, options: AppOptions) -> None:
        self._options = options
        self.specs: list[AppSpec] = []
        self.bounded: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether this is all that the file declares: what else came from it is to go."""
        return not self._options.only

    @property
    def places(self) -> dict[str, str]:
        """Where web apps can be reached."""
        return places(self.specs)

    def requests(self, mode: str = "start") -> list[Asked]:
        """What to ask the daemon so that all of it runs; read anew each time. Raises UsageError and its like.

        `mode` is that of `apply`: `reload` replaces workers though nothing was declared differently.
        """
        if self._is_remembered():
            return [("resurrect", {})] if mode == "start" else [("reload", {"selectors": ["all"]})]
        specs = self._declared()
        self.bounded = frozenset(spec.name for spec in specs if spec.logs == LogPolicy())
        self.specs = [replace(spec, logs=BOUNDED) if spec.name in self.bounded else spec for spec in specs]
        return applications(self.specs, {"mode": mode, "only": bool(self._options.only)})

    def _declared(self) -> list[AppSpec]:
        from mainstay.config import adhoc

        ambient = adhoc.Ambient(os.getcwd(), os.environ)
        wanted = self._options.wanted()
        specs = adhoc.specs_from_targets(self._options.targets, wanted, ambient)
        names = [spec.name for spec in specs]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            raise UsageError(f"cannot serve: two apps are called {twice}", hint="declare them in a file, by two names")
        return specs

    def _is_remembered(self) -> bool:
        """Without a target and without a file here, it is what was started before that is meant."""
        if self._options.targets or not has_state():
            return False
        from mainstay.config.find import find_file

        try:
            find_file(None, os.getcwd())
        except UsageError:
            return True
        return False

    def streams(self, home: str) -> list[Stream]:
        """The logs that these apps will have: known before they are started, so that no first line is missed."""
        from mainstay.client.streams import streams_expected
        from mainstay.sys.machine import cores

        return streams_expected(home, self.specs, cores())

    def forget_logs(self, home: str, streams: Sequence[Stream]) -> None:
        """Remove the log files that nobody asked to keep; all is printed, and nothing writes to them any more."""
        folder = os.path.join(home, "logs")
        for stream in streams:
            if stream.app not in self.bounded or os.path.dirname(stream.path) != folder:
                continue
            base = os.path.basename(stream.path)
            for name in os.listdir(folder):
                if name == base or name.startswith(f"{base}."):
                    with suppress(OSError):
                        os.unlink(os.path.join(folder, name))
