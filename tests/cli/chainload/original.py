"""The real cross-env, run as a command and asked what it would spawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.npm import Original, installed
from tests.servers.account import program

PACKAGE = "cross-env@10.1.0"
ORACLE = Path(__file__).with_name("cross_env_oracle.mjs")


@dataclass(frozen=True, slots=True)
class Spawned:
    """What it starts."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


class Throws(Exception):
    """It ends with an error of its own."""


def command(name: str) -> list[str]:
    """The command line's beginning that runs `cross-env` or `cross-env-shell`."""
    return [program("node"), str(installed(PACKAGE) / f"node_modules/cross-env/dist/bin/{name}.js")]


class Oracle(Original):
    """The original in a process of its own."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, str(ORACLE))

    def ask(self, words: Sequence[str], environ: Mapping[str, str]) -> Spawned | None:
        """What it spawns; None when it does nothing. Raises Throws."""
        answer = self.answer({"words": list(words), "environ": dict(environ)})
        if answer is None:
            return None
        if "error" in answer:
            raise Throws(answer["error"])
        return Spawned((answer["command"], *answer["args"]), answer["env"])
