"""The layers of an app's environment that come from the machine: a clean base, and for ad-hoc starts the shell."""

from collections.abc import Mapping

from mainstay.model.spec import EnvLayer

BASE = frozenset(("HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV"))
"""What every process is given, besides LC_*. VIRTUAL_ENV only where one was found for the app."""

NOT_FROM_THE_SHELL = frozenset(
    (
        *("_", "PWD", "OLDPWD", "SHLVL"),
        *("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"),
        *("INVOCATION_ID", "JOURNAL_STREAM", "MAINPID", "NODE_CHANNEL_FD", "NODE_UNIQUE_ID"),
        *("APP_ENV", "NODE_ENV", "NODE_APP_INSTANCE", "MAINSTAY_APP", "MAINSTAY_INSTANCE", "MAINSTAY_WORKER"),
        *("MAINSTAY_INSTANCES", "MAINSTAY_THREADS"),
        *("MAINSTAY_CONTROL_FD", "MAINSTAY_SITE", "MAINSTAY_PYTHON_TAG", "MAINSTAY_HOME"),
        "MAINSTAY_TRUSTED_PROXY",
    )
)
"""What belongs to the shell itself, to a service manager's own child, or is what mainstay tells each worker anew."""


def activated(environ: Mapping[str, str], venv: str) -> dict[str, str]:
    """`environ` as activating a virtual environment leaves it, so that `python` and its other programs are found.

    With no `venv` a VIRTUAL_ENV that is set stays out, and PATH is as it was.
    """
    without = {name: value for name, value in environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
    if not venv:
        return without
    path = environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    programs = f"{venv}/bin"
    others = [place for place in path.split(":") if place != programs]
    return without | {"VIRTUAL_ENV": venv, "PATH": ":".join([programs, *others])}


def base_layer(environ: Mapping[str, str]) -> EnvLayer:
    """What a process needs to know of the machine and its user, and nothing else of who happened to start it.

    Python is told not to hold output back, so that what an app prints is in its log at once.
    """
    kept = {name: value for name, value in environ.items() if name in BASE or name.startswith("LC_")}
    return EnvLayer("base", {"PYTHONUNBUFFERED": "1"} | dict(sorted(kept.items())))


def of_user(base: EnvLayer, user: str) -> EnvLayer:
    """The base of an app that runs as another user, whose HOME, USER and LOGNAME it has; `user` empty: as it is."""
    if not user:
        return base
    from mainstay.config.privileges import home_of

    return EnvLayer(base.source, base.values | home_of(user))


def shell_layer(environ: Mapping[str, str]) -> EnvLayer:
    """The shell's variables, for apps started from the command line, without those the base has already."""
    base = base_layer(environ).values
    own = {n: v for n, v in environ.items() if n not in NOT_FROM_THE_SHELL and base.get(n) != v and "\0" not in v}
    return EnvLayer("shell", dict(sorted(own.items())))
