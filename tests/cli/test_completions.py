import subprocess

import pytest

from mainstay.cli.completions import choices_of, options_of, script
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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_words_of_which_one_is_to_follow_are_completed(shell: str) -> None:
    assert choices_of("db") == ["check", "url", "shell"]
    assert "check url shell" in script(shell)


def test_bash_offers_them_in_their_place() -> None:
    ask = "COMP_WORDS=(mainstay db s); COMP_CWORD=2; _mainstay; echo ${COMPREPLY[@]}"

    ran = subprocess.run(["bash", "-c", f"{script('bash')}\n{ask}"], capture_output=True, text=True, check=True)

    assert ran.stdout == "shell\n"
