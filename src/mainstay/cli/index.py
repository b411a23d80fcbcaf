"""The table of commands: names, aliases, one line of help. Each is a file in `commands/`, imported when called."""

from __future__ import annotations


class Command:
    """A line of the table. Its module has `parser()` and `run(argv, console)`."""

    __slots__ = ("aliases", "name", "summary")

    def __init__(self, name: str, summary: str, *aliases: str) -> None:
        self.name = name
        self.summary = summary
        self.aliases = aliases

    @property
    def module(self) -> str:
        """The name of its module: `_` for `-`."""
        return f"mainstay.cli.commands.{self.name.replace('-', '_')}"


GROUPS = (
    (
        "Run",
        (
            Command("start", "start an app, a program or what mainstay.toml declares"),
            Command("plan", "what `start` would do with a file, without doing it"),
            Command("stop", "stop apps; they stay in the list"),
            Command("restart", "stop, then start"),
            Command("reload", "replace workers one by one, no request lost; bad code is refused"),
            Command("scale", "change the number of instances"),
            Command("run-job", "run a job now, and end with its exit code"),
            Command("delete", "stop apps and forget them", "del", "rm"),
            Command("kill", "stop everything, and the daemon"),
            Command("resurrect", "start again what was up before the machine was shut down"),
            Command("dev", "run an app to work on it: in the foreground, new code at each save"),
            Command("serve", "run apps in the foreground, for containers and boot units"),
            Command("run", "set variables, then run a command: run A=1 -- cmd"),
        ),
    ),
    (
        "See",
        (
            Command("list", "all apps and how they are", "ls", "status", "ps"),
            Command("describe", "all about an app: spec, slots, exits, log files", "show", "info", "desc"),
            Command("logs", "what apps write, merged in time order", "log"),
            Command("events", "what happened: starts, crashes, reloads, who asked for what"),
            Command("env", "an app's variables and where each comes from"),
            Command("db", "the declared database: is it there, where is it, a shell in it"),
            Command("doctor", "what is wrong here, or will be, and how to mend it"),
            Command("ping", "ask the daemon whether it is well"),
        ),
    ),
    (
        "Tend",
        (
            Command("signal", "send a signal to workers"),
            Command("reset", "set restart counters to zero"),
            Command("upgrade", "put the installed version in the daemon's place"),
            Command("save", "says that nothing needs saving", "dump"),
        ),
    ),
    (
        "Shell",
        (
            Command("completion", "completion for bash, zsh and fish"),
            Command("help", "this list, or the help of a command"),
            Command("version", "the version of this command and of the daemon"),
        ),
    ),
)


def commands() -> tuple[Command, ...]:
    """All of them, in the order of the help."""
    return tuple(command for _, group in GROUPS for command in group)


def find_command(name: str) -> Command | None:
    """The command with this name or alias."""
    return next((command for command in commands() if name == command.name or name in command.aliases), None)
