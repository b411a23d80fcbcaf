"""How shells complete the words of `mainstay run`: ours up to the command, then by the rules of that command itself."""

from __future__ import annotations

from mainstay.cli.chainload.line import COMPATS, VALUED
from mainstay.settings.environment import ENVIRONMENTS

TAKING_A_VALUE = (*VALUED, "--compat")
_NAMES = " ".join(ENVIRONMENTS)

BASH = rf"""
_mainstay_run() {{
    local line="${{COMP_LINE:0:COMP_POINT}}" word last at i
    local -a words
    read -ra words <<<"$line"  # and not COMP_WORDS, which has NAME=VALUE in three words
    [[ $line == *[[:space:]] ]] && words+=("")
    last=$((${{#words[@]}} - 1)) word="${{words[-1]}}"
    for ((at = 2; at < last; at++)); do
        case "${{words[at]}}" in
            --) options="" at=$((at + 1)); break ;;
            {"|".join(TAKING_A_VALUE)}) at=$((at + 1)) ;;
            -*|*=*) ;;
            *) break ;;
        esac
    done
    if ((at > last)); then
        case "${{words[last - 1]}}" in
            -f|--file) COMPREPLY=($(compgen -f -- "$word")) ;;
            -u|--unset) COMPREPLY=($(compgen -e -- "$word")) ;;
            --env) COMPREPLY=($(compgen -W "{_NAMES}" -- "$word")) ;;
            --compat) COMPREPLY=($(compgen -W "{" ".join(COMPATS)}" -- "$word")) ;;
        esac
    elif ((at == last)); then
        case "$word" in
            -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
            */*) COMPREPLY=($(compgen -f -- "$word")) ;;
            *=*) ;;
            *) COMPREPLY=($(compgen -c -- "$word")) ;;
        esac
    elif declare -F _command_offset >/dev/null; then
        for ((i = 2; i < COMP_CWORD; i++)); do
            if [[ ${{COMP_WORDS[i]}} == "${{words[at]}}" ]]; then _command_offset "$i"; return; fi
        done
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
"""
"""A function; `options` and COMPREPLY are those of its caller."""

ZSH = f"""
_mainstay_run() {{
    local -i at=3
    while (( at < CURRENT )); do
        case "$words[at]" in
            --) options=""; (( at += 1 )); break ;;
            {"|".join(TAKING_A_VALUE)}) (( at += 2 )) ;;
            -*|*=*) (( at += 1 )) ;;
            *) break ;;
        esac
    done
    if (( at > CURRENT )); then
        case "$words[CURRENT-1]" in
            -f|--file) _files ;;
            -u|--unset) compadd -- ${{(k)parameters[(R)*export*]}} ;;
            --env) compadd -- {_NAMES} ;;
            --compat) compadd -- {" ".join(COMPATS)} ;;
        esac
    elif (( at == CURRENT )) && [[ $PREFIX == -* ]]; then
        compadd -- ${{=options}}
    else
        shift $(( at - 1 )) words
        (( CURRENT -= at - 1 ))
        _normal
    fi
}}
"""
"""The same."""

_SEEN = "-n '__fish_seen_subcommand_from run'"
FISH = "\n".join(
    (
        f"complete -c mainstay {_SEEN} -s f -l file -r -F",
        f"complete -c mainstay {_SEEN} -s u -l unset -x -a '(set --names -x)'",
        f"complete -c mainstay {_SEEN} -l env -x -a '{_NAMES}'",
        f"complete -c mainstay {_SEEN} -l compat -x -a '{' '.join(COMPATS)}'",
        f"complete -c mainstay {_SEEN} -x -a '(__fish_complete_subcommand --fcs-skip=2 {' '.join(TAKING_A_VALUE)})'",
    )
)
"""Lines to add to the script."""
