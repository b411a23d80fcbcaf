import pytest

from mainstay.cli.completions import options_of, script
from mainstay.cli.index import commands


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_completed(shell: str) -> None:
    text = script(shell)

    for command in commands():
        assert command.name in text
        for option, _ in options_of(command.name):
            assert (option if shell != "fish" else f"-l {option[2:]}") in text


def test_options_come_with_their_help() -> None:
    assert ("--canary", "hold when one new worker serves this share of new connections") in options_of("reload")
