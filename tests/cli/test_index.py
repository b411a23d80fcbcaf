from pathlib import Path

import pytest

from mainstay.cli.commands.help import parser_of
from mainstay.cli.index import commands, find_command


def test_every_command_has_its_file_and_every_file_is_a_command() -> None:
    folder = Path(__file__).parents[2] / "src/mainstay/cli/commands"

    assert {file.stem for file in folder.glob("*.py")} - {"__init__"} == {
        command.module.rpartition(".")[2] for command in commands()
    }


def test_no_two_commands_go_by_one_name() -> None:
    names = [name for command in commands() for name in (command.name, *command.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(("word", "name"), [("list", "list"), ("ls", "list"), ("status", "list"), ("log", "logs")])
def test_a_command_is_found_by_name_and_alias(word: str, name: str) -> None:
    command = find_command(word)

    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_none() -> None:
    assert find_command("nothing") is None


@pytest.mark.parametrize("name", [command.name for command in commands()])
def test_the_help_of_every_command_has_examples_and_fits_a_wide_terminal(name: str) -> None:
    text = parser_of(name).format_help()

    assert f"examples:\n  mainstay {name}" in text
    assert max(map(len, text.splitlines())) <= 120
    assert f"usage: mainstay {name}" in text
