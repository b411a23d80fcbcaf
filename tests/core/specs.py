"""Specs for the tests of the core, and code that behaves in the ways that tests need."""

from collections.abc import Callable
from dataclasses import replace

from mainstay.core.events import Decide, Delete, Reload, Request, Restart, Scale, Start, Stop
from mainstay.model.exits import Exited
from mainstay.model.spec import AppSpec, Bind, Command, PythonApp, RestartOn, TcpBind
from mainstay.model.spec import Restart as Policy
from tests.core.simulated import Behaviour, Code
from tests.core.world import World

WEB = AppSpec(
    "web",
    PythonApp("shop.main:app", "/usr/bin/python3"),
    "/srv/shop",
    instances=2,
    binds=(TcpBind("127.0.0.1", 8000),),
)
JOBS = AppSpec("jobs", Command(("sleep", "9")), "/srv/shop", instances=2)
PROXY = AppSpec("proxy", Command(("nginx",)), "/srv", binds=(TcpBind("127.0.0.1", 80),), instances=2)

GOOD = Code()
NO_IMPORT = Code(failure="ModuleNotFoundError: No module named 'shop'")
HANGS = Code(hangs=True)
COLD = Code(cold="2 threads are alive after the import")
CRASHES = Code(worker=Behaviour(ready=None, dies=0.02, ending=Exited(3), lines=("ValueError: no",)))
NEVER_READY = Code(worker=Behaviour(ready=None))
DIES_YOUNG = Code(worker=Behaviour(dies=0.53, ending=Exited(1), lines=("out of luck",)))
SLOW_TO_END = Code(worker=Behaviour(drain=5.0))
WILL_NOT_END = Code(worker=Behaviour(drain=None))


def web(instances: int = 2, *binds: Bind) -> AppSpec:
    """A Python web app."""
    return replace(WEB, instances=instances, binds=binds or WEB.binds)


def job(on: RestartOn = RestartOn.ALWAYS, instances: int = 1, give_up_after: int = 0) -> AppSpec:
    """A program that binds nothing."""
    return replace(JOBS, instances=instances, restart=Policy(on=on, give_up_after=give_up_after))


def started(spec: AppSpec = WEB, code: Code = GOOD) -> World:
    """A world in which one app runs."""
    world = World()
    world.code[spec.name] = code
    reply = world.reply(world.apply(spec))
    assert reply.refusal is None, reply
    return world


def reload(app: str = "web", canary: int = 0) -> Callable[[int], Request]:
    """A request to replace an app's workers."""
    return lambda token: Reload(token, (app,), canary)


def restart(*selectors: str) -> Callable[[int], Request]:
    """A request to end workers and start new ones."""
    return lambda token: Restart(token, selectors)


def start(*selectors: str) -> Callable[[int], Request]:
    """A request to start what is down."""
    return lambda token: Start(token, selectors)


def stop(*selectors: str) -> Callable[[int], Request]:
    """A request to stop."""
    return lambda token: Stop(token, selectors)


def delete(*selectors: str) -> Callable[[int], Request]:
    """A request to stop and forget."""
    return lambda token: Delete(token, selectors)


def scale(to: str, app: str = "web") -> Callable[[int], Request]:
    """A request for another number of slots."""
    return lambda token: Scale(token, app, to)


def decide(proceed: bool) -> Callable[[int], Request]:
    """A decision on the canary of web."""
    return lambda token: Decide(token, ("web",), proceed)
