"""The command: `python -m benchmarks [names...] [--quick] [--runs N] [--out docs/benchmarks.md]`."""

import argparse
import importlib
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Protocol, cast

from benchmarks import ours
from benchmarks.contender import say
from benchmarks.environment import RESULTS, ROOT, CannotPrepare, base_environment, prepare, versions
from benchmarks.machine import describe
from benchmarks.report import ORDER, write
from benchmarks.results import Scope, Section, save


class Item(Protocol):
    """A module of this package that measures one item."""

    def bench(self, scope: Scope, *, with_ours: bool) -> Section:
        """Measure."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"items to measure, of: {', '.join(ORDER)} (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round each: shows that it works, not what is true"
    )
    parser.add_argument("--runs", type=int, default=0, help="rounds per item (default: as many as the item needs)")
    parser.add_argument("--only", action="append", default=[], help="only servers with this in their name")
    parser.add_argument("--no-ours", action="store_true", help="measure the peers alone")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results, one file per item")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the report")
    parsed = parser.parse_args(arguments)
    unknown = [name for name in parsed.names if name not in ORDER]
    if unknown:
        parser.error(f"no item is called {unknown[0]!r}; there are {', '.join(ORDER)}")
    return parsed


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Prepare, measure item after item, saving each as soon as it is there, then write the report."""
    options = parse(sys.argv[1:])
    # So that every `finally` runs and every process is ended, whoever asks us to stop.
    signal.signal(signal.SIGTERM, _stop)
    os.environ.pop("MAINSTAY_HOME", None)
    try:
        prepare(install_ours=not options.no_ours)
        with_ours = not options.no_ours and ours.available()
        if not with_ours:
            say("mainstay is not measured: its command does not run")
        scope = Scope(options.runs, options.quick, tuple(options.only))
        machine = describe() | versions(base_environment())
        for name in options.names or ORDER:
            item = cast(Item, importlib.import_module(f"benchmarks.{name}"))
            now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
            taken = {"taken": now, "machine": machine, "quick": scope.quick}
            save(item.bench(scope, with_ours=with_ours), options.results, taken=taken)
        write(options.results, options.out)
    except CannotPrepare as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; what was measured before is kept")
        return 130
    say(f"report: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
