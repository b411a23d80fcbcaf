"""The environment of a process, built afresh at each start: the declared layers, then what mainstay injects."""

import os
import sys

from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Command, PythonApp, environment_of, slots_wanted
from mainstay.sys import machine

INJECTED = "mainstay"
"""The source that `env` shows for what is injected."""


def declared(spec: AppSpec) -> dict[str, str]:
    """The variables of all layers, and which environment this is."""
    values = {name: value for name, (value, _) in environment_of(spec).items()}
    return suggested(spec) | values | common(spec)


def suggested(spec: AppSpec) -> dict[str, str]:
    """What is injected where the app declares nothing else."""
    values = {"NODE_ENV": spec.environment}
    if isinstance(spec.program, PythonApp):
        values["MALLOC_ARENA_MAX"] = "2"  # glibc gives each thread a heap of its own else: megabytes for each worker
    return values


def common(spec: AppSpec) -> dict[str, str]:
    """What is injected for every process of an app. By the home `mainstay`, called in it, finds its own daemon.

    By the numbers of instances and threads a worker knows its share of what all of them have together, such as
    connections to a database. The template has them as well: it may make a pool before a worker is forked.
    """
    values = {
        "APP_ENV": spec.environment,
        "MAINSTAY_APP": spec.name,
        "MAINSTAY_HOME": os.environ.get("MAINSTAY_HOME", ""),
        "MAINSTAY_INSTANCES": _instances(spec),
    }
    if spec.trusted_proxy:
        values["MAINSTAY_TRUSTED_PROXY"] = spec.trusted_proxy
    if isinstance(spec.program, PythonApp):
        values["MAINSTAY_THREADS"] = str(spec.program.threads)
    return values


def of_worker(spec: AppSpec, worker: WorkerId) -> dict[str, str]:
    """What is injected for one worker; the number of instances anew, as it may have changed since."""
    index = worker.slot.index
    values = {
        "MAINSTAY_INSTANCE": str(index),
        "NODE_APP_INSTANCE": str(index),
        "MAINSTAY_INSTANCES": _instances(spec),
        "MAINSTAY_WORKER": worker.token,
    }
    if isinstance(spec.program, Command) and spec.program.increment:
        base = environment_of(spec).get(spec.program.increment, ("", ""))[0]
        if base.isdecimal():
            values[spec.program.increment] = str(int(base) + index)
    return values


def _instances(spec: AppSpec) -> str:
    return str(spec.instances if spec.instances > 0 else slots_wanted(spec.instances, machine.cores()))


def of_runtime(control: int) -> dict[str, str]:
    """What our own runtime is told: its control descriptor, and where it may borrow the servers from."""
    return {
        "MAINSTAY_CONTROL_FD": str(control),
        "MAINSTAY_SITE": os.environ.get("MAINSTAY_SITE", ""),
        "MAINSTAY_PYTHON_TAG": sys.implementation.cache_tag or "",
    }


def boot_script() -> str:
    """The path of the script that starts our runtime."""
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "runtime", "boot.py")
