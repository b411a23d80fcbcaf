"""Completion scripts for bash, zsh and fish. Commands and options come from the table and the parsers."""

from __future__ import annotations

from mainstay.cli.chainload import completion as running
from mainstay.cli.commands.help import parser_of
from mainstay.cli.index import commands

_SELECTING = (
    "start",
    "stop",
    "restart",
    "reload",
    "scale",
    "delete",
    "describe",
    "logs",
    "events",
    "env",
    "signal",
    "reset",
)
"""Commands whose words are names of apps."""


def script(shell: str) -> str:
    """The script for `bash`, `zsh` or `fish`."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def options_of(command: str) -> list[tuple[str, str]]:
    """The long options of a command, with a line of help each."""
    return [
        (option, action.help or "")
        for action in parser_of(command)._actions  # argparse shows them nowhere else
        for option in action.option_strings
        if option.startswith("--")
    ]


def choices_of(command: str) -> list[str]:
    """The words of which a command takes one: `check`, `url` or `shell` of `db`."""
    positional = [action for action in parser_of(command)._actions if not action.option_strings]
    return [str(word) for action in positional for word in action.choices or ()]


def _words() -> str:
    return " ".join(word for command in commands() for word in (command.name, *command.aliases))


def _cases(indent: str) -> str:
    """One `case` arm per command: its options, whether names of apps follow, and the words of which one follows."""
    arms = []
    for command in commands():
        pattern = "|".join((command.name, *command.aliases))
        options = " ".join(option for option, _ in options_of(command.name))
        names, choices = int(command.name in _SELECTING), " ".join(choices_of(command.name))
        arms.append(f'{indent}{pattern}) options="{options}"; names={names}; choices="{choices}" ;;')
    return "\n".join(arms)


def _bash() -> str:
    return f"""\
# bash completion for mainstay
{running.BASH.strip()}
_mainstay() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" options="" names=0 choices=""
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=($(compgen -W "{_words()} --help --version" -- "$word"))
        return
    fi
    case "${{COMP_WORDS[1]}}" in
{_cases("        ")}
    esac
    if [[ ${{COMP_WORDS[1]}} == run ]]; then
        _mainstay_run
    elif [[ ${{COMP_WORDS[1]}} == help ]]; then
        COMPREPLY=($(compgen -W "{_words()}" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif (( names )); then
        COMPREPLY=($(compgen -W "$("${{COMP_WORDS[0]}}" completion names 2>/dev/null)" -- "$word"))
        if [[ ${{COMP_WORDS[1]}} == start ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
    elif [[ -n $choices ]] && (( COMP_CWORD == 2 )); then
        COMPREPLY=($(compgen -W "$choices" -- "$word"))
    elif [[ -n $choices ]]; then
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _mainstay mainstay"""


def _zsh() -> str:
    described = "\n".join(f"        '{command.name}:{_zsh_quoted(command.summary)}'" for command in commands())
    return f"""\
#compdef mainstay
{running.ZSH.strip()}
_mainstay() {{
    local options="" names=0 choices=""
    local -a all_commands=(
{described}
    )
    if (( CURRENT == 2 )); then
        _describe command all_commands
        return
    fi
    case "$words[2]" in
{_cases("        ")}
    esac
    if [[ $words[2] == run ]]; then
        _mainstay_run
    elif [[ $words[2] == help ]]; then
        _describe command all_commands
    elif [[ $PREFIX == -* ]]; then
        compadd -- ${{=options}}
    elif (( names )); then
        compadd -- ${{(f)"$($words[1] completion names 2>/dev/null)"}}
        if [[ $words[2] == start ]]; then _files; fi
    elif [[ -n $choices ]] && (( CURRENT == 3 )); then
        compadd -- ${{=choices}}
    elif [[ -n $choices ]]; then
        _files
    fi
}}
if [[ $funcstack[1] == _mainstay ]]; then _mainstay "$@"; else compdef _mainstay mainstay; fi"""


def _fish() -> str:
    lines = ["# fish completion for mainstay", "complete -c mainstay -f"]
    for command in commands():
        summary = _quoted(command.summary)
        lines.append(f"complete -c mainstay -n __fish_use_subcommand -a {command.name} -d '{summary}'")
        seen = f"'__fish_seen_subcommand_from {' '.join((command.name, *command.aliases))}'"
        for option, meaning in options_of(command.name):
            lines.append(f"complete -c mainstay -n {seen} -l {option[2:]} -d '{_quoted(meaning)}'")
        if choices := choices_of(command.name):
            lines.append(f"complete -c mainstay -n {seen} -a '{' '.join(choices)}'")
        if command.name in _SELECTING:
            lines.append(f"complete -c mainstay -n {seen} -a '(mainstay completion names 2>/dev/null)'")
    lines.append("complete -c mainstay -n '__fish_seen_subcommand_from start' -F")
    lines.append(running.FISH)
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Inside single quotes; a quote itself is left out, as the shells differ in how to write one."""
    return text.replace("'", "")


def _zsh_quoted(text: str) -> str:
    return _quoted(text).replace(":", "\\:")
