"""Command lines: argparse, with our errors and one shape of help for every command."""

from __future__ import annotations

import argparse
import sys

from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn, TypeVar

    Into = TypeVar("Into")

_EXAMPLES = "examples:"
SELECTORS = "an app's name, a slot (web-0), a number shown by `list`, a namespace, or `all`"


class Parser(argparse.ArgumentParser):
    """The parser of one command. What it cannot read is a UsageError."""

    def __init__(self, command: str, description: str, examples: Sequence[tuple[str, str]], usage: str = "") -> None:
        super().__init__(
            prog=f"mainstay {command}",
            description=description,
            epilog=_examples(examples),
            usage=f"mainstay {command} {usage}" if usage else None,
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.command = command
        self.add_argument("--help", "-h", action="help", help="show this and exit")

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError instead of printing and exiting."""
        missing = message.removeprefix("the following arguments are required: ")
        cause = message if missing == message else f"{missing} is missing"
        raise UsageError(f"cannot read the command line: {cause}", hint=f"`{self.prog} --help` shows what it takes")

    def read(self, argv: Sequence[str], into: Into) -> Into:
        """Fill in the attributes of `into`, whose values so far are the defaults. Raises UsageError.

        `--help` prints and raises SystemExit(0).
        """
        self.parse_intermixed_args(argv, into)
        return into

    def add_json(self, what: str = "print the result as JSON") -> None:
        """`--json`."""
        self.add_argument("--json", action="store_true", help=what)

    def add_selectors(self, required: bool = True) -> None:
        """`SELECTOR...`, one or more, or any number."""
        self.add_argument("selectors", nargs="+" if required else "*", metavar="SELECTOR", help=SELECTORS)


def ours_and_more(argv: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What is for us, and what stands behind `--`."""
    end = argv.index("--") if "--" in argv else len(argv)
    return argv[:end], argv[end + 1 :]


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    from mainstay.protocol.jsontext import dumps

    sys.stdout.write(dumps(value) + "\n")


class _Formatter(argparse.HelpFormatter):
    """Texts as wide as the terminal; examples with their meaning beside or, where there is no room, below."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        heading, *lines = text.split("\n")
        if heading != _EXAMPLES:
            return super()._fill_text(text, width, indent)
        examples = [line.split("\t") for line in lines]
        longest = max((len(command) for command, _ in examples), default=0)
        fits = all(longest + len(meaning) + 4 <= width for _, meaning in examples)
        shown = [
            f"  {command:<{longest}}  {meaning}" if fits or not meaning else f"  {command}\n      {meaning}"
            for command, meaning in examples
        ]
        return "\n".join([heading, *(line.rstrip() for line in shown)])


def _examples(examples: Sequence[tuple[str, str]]) -> str:
    return "\n".join([_EXAMPLES, *(f"{command}\t{meaning}" for command, meaning in examples)])
