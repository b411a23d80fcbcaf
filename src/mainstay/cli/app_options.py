"""The options that say how a target is run: the same for each command that runs one (`start`, `serve`, `dev`)."""

from __future__ import annotations

from mainstay.cli.arguments import ours_and_more

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from mainstay.cli.arguments import Parser
    from mainstay.config.adhoc import Options

    Into = TypeVar("Into", bound="AppOptions")


class AppOptions:
    """What the command line said. The names of the options of an app are those of `config.adhoc.Options`."""

    targets: list[str]

    def __init__(self) -> None:
        self.instances: str | None = None
        self.name: str | None = None
        self.namespace: str | None = None
        self.bind: list[str] = []
        self.port: int | None = None
        self.cwd: str | None = None
        self.interpreter: str | None = None
        self.engine: str | None = None
        self.threads: int | None = None
        self.environment: str | None = None
        self.max_memory: str | None = None
        self.health: str | None = None
        self.schedule: str | None = None
        self.user: str | None = None
        self.nice: int | None = None
        self.trusted_proxy: str | None = None
        self.no_autorestart = False
        self.only = ""
        self.args: tuple[str, ...] = ()
        """What stands behind `--`."""

    def wanted(self) -> Options:
        """The same for whoever makes specs of it."""
        from mainstay.config import adhoc

        return adhoc.Options(
            instances=self.instances,
            name=self.name,
            namespace=self.namespace,
            bind=tuple(self.bind),
            port=self.port,
            cwd=self.cwd,
            interpreter=self.interpreter,
            environment=self.environment,
            args=self.args,
            autorestart=not self.no_autorestart,
            only=adhoc.names_of(self.only),
            engine=self.engine,
            threads=self.threads,
            max_memory=self.max_memory,
            health=self.health,
            schedule=self.schedule,
            user=self.user,
            nice=self.nice,
            trusted_proxy=self.trusted_proxy,
        )


def add_app_options(made: Parser, environment: str = "production") -> None:
    """TARGET and the options of `AppOptions`; `environment` is the one that is meant unless told."""
    add = made.add_argument
    add("targets", nargs="*", metavar="TARGET", help="what to start; see above")
    add("--instances", "-i", metavar="N", help="how many: a number, max or 0 (one per core), -1 (one fewer)")
    add("--name", "-n", metavar="NAME", help="what to call it; made from the target unless told")
    add("--namespace", metavar="NAME", help="a group of apps that can be selected together")
    add("--bind", "-b", action="append", metavar="ADDRESS", help="host:port, :port or unix:/path; may be repeated")
    add("--port", "-p", type=int, metavar="PORT", help="a port on 127.0.0.1; a program finds it in PORT")
    add("--trusted-proxy", metavar="WHOM", help="who says who the client is: loopback, 10.0.0.0/8; or how many proxies")
    add("--cwd", metavar="FOLDER", help="where to run it")
    add("--interpreter", metavar="PROGRAM", help="what runs a script: a Python, a venv, node ...; none: itself")
    add("--engine", metavar="NAME", help="the server of a web app: uvicorn or granian")
    add("--threads", type=int, metavar="N", help="threads per worker of a WSGI app")
    add("--env", dest="environment", metavar="NAME", help=f"the environment: {environment} unless told")
    add("--health", metavar="PATH", help="a path of it that is asked for; a worker that does not answer is replaced")
    add("--max-memory", "--max-memory-restart", metavar="SIZE", help="replace a worker above this: 512MiB")
    add("--schedule", "--cron", metavar="CRON", help="run it when it is due, and not now: '0 3 * * *'")
    add("--user", metavar="NAME", help="run it as this user; root only")
    add("--nice", type=int, metavar="N", help="how much it gives way to other programs, -20 to 19")
    add("--no-autorestart", action="store_true", help="leave it alone when it ends")
    add("--only", metavar="A,B", help="these apps of the file")


def read_app_options(made: Parser, argv: Sequence[str], into: Into) -> Into:
    """Fill in `into` from a command line, with what stands behind `--` as the arguments. Raises UsageError."""
    ours, more = ours_and_more(argv)
    made.read(ours, into)
    into.args = tuple(more)
    return into
