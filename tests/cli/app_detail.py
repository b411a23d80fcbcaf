"""An app as the daemon describes it, for tests."""

from typing import Any

from mainstay.model.codec import dump
from mainstay.model.spec import AppSpec, PythonApp, TcpBind
from tests.cli.fake_daemon import row

NOW = 1_795_435_200.0
"""2026-11-23 12:00:00 UTC."""


def crash(**changes: object) -> dict[str, Any]:
    """An exit nobody asked for."""
    usual = {
        "time": NOW - 60,
        "pid": 4001,
        "generation": 2,
        "reason": "killed by SIGKILL",
        "code": None,
        "signal": "SIGKILL",
        "asked": False,
        "uptime": 0.25,
        "lines": ["last words"],
    }
    return usual | changes


def slot_detail(slot: str, **changes: object) -> dict[str, Any]:
    """A slot with its logs and no exits."""
    logs = {"out": f"/logs/{slot}.out.log", "err": f"/logs/{slot}.err.log", "dropped": {"out": 0, "err": 0}}
    return row(slot) | {"ready_time": 0.042, "logs": logs, "exits": []} | changes


def app_detail(app: str, **changes: object) -> dict[str, Any]:
    """A web app that is well."""
    spec = AppSpec(app, PythonApp("shop.main:app", "/venv/bin/python"), "/srv", binds=(TcpBind("127.0.0.1", 8000),))
    usual = {
        "app": app,
        "namespace": "default",
        "status": "online",
        "mode": "asgi",
        "generation": 3,
        "spec": dump(spec),
        "binds": ["127.0.0.1:8000"],
        "listening": True,
        "engine": "uvicorn",
        "template": {"pid": 4090, "state": "ready", "reason": ""},
        "rollout": None,
        "job": None,
        "differences": [],
        "slots": [slot_detail(f"{app}-0")],
    }
    return usual | changes
