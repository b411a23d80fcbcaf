import os
import sys
from dataclasses import replace

import pytest

from mainstay.daemon import environment
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Command, EnvLayer, PythonApp
from mainstay.sys import machine

SPEC = AppSpec(
    "web",
    Command(("node", "server.js"), increment="PORT"),
    "/srv",
    env=(EnvLayer("base", {"PATH": "/bin", "A": "1"}), EnvLayer("env", {"A": "2", "PORT": "3000"})),
    environment="staging",
)
WORKER = WorkerId(SlotId("web", 2), 7, 3)


def test_later_layers_win_and_we_win_over_all() -> None:
    spec = replace(SPEC, env=(*SPEC.env, EnvLayer("env", {"MAINSTAY_APP": "mine"})))

    values = environment.declared(spec)

    assert (values["PATH"], values["A"]) == ("/bin", "2")
    assert values["MAINSTAY_APP"] == "web"


def test_every_process_is_told_its_app_and_environment() -> None:
    values = environment.declared(replace(SPEC, env=(EnvLayer("env", {"APP_ENV": "mine"}),)))

    assert (values["MAINSTAY_APP"], values["APP_ENV"], values["NODE_ENV"]) == ("web", "staging", "staging")


def test_every_process_is_told_whom_to_trust_only_where_somebody_is() -> None:
    trusting = environment.declared(replace(SPEC, trusted_proxy="loopback, 10.0.0.0/8"))

    assert trusting["MAINSTAY_TRUSTED_PROXY"] == "loopback, 10.0.0.0/8"
    assert "MAINSTAY_TRUSTED_PROXY" not in environment.declared(SPEC)


def test_every_process_is_told_how_many_there_are() -> None:
    four = environment.declared(replace(SPEC, instances=4))
    one_per_core = environment.declared(replace(SPEC, instances=0))
    scaled = environment.of_worker(replace(SPEC, instances=6), WORKER)

    assert four["MAINSTAY_INSTANCES"] == "4"
    assert scaled["MAINSTAY_INSTANCES"] == "6"
    assert one_per_core["MAINSTAY_INSTANCES"] == str(machine.cores())


def test_a_web_app_is_told_its_threads() -> None:
    values = environment.declared(replace(SPEC, program=PythonApp("a:b", "python3", threads=7)))

    assert values["MAINSTAY_THREADS"] == "7"
    assert "MAINSTAY_THREADS" not in environment.declared(SPEC)


def test_the_home_is_that_of_the_daemon_whatever_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", "/home/of/daemon")

    values = environment.declared(replace(SPEC, env=(EnvLayer("env", {"MAINSTAY_HOME": "/other"}),)))

    assert values["MAINSTAY_HOME"] == "/home/of/daemon"


def test_what_is_only_suggested_can_be_declared_otherwise() -> None:
    spec = replace(SPEC, program=PythonApp("a:b", "python3"), env=(EnvLayer("env", {"NODE_ENV": "test"}),))

    values = environment.declared(spec)

    assert (values["NODE_ENV"], values["MALLOC_ARENA_MAX"]) == ("test", "2")
    assert "MALLOC_ARENA_MAX" not in environment.declared(SPEC)


def test_a_worker_is_told_its_place() -> None:
    values = environment.of_worker(SPEC, WORKER)

    assert values["MAINSTAY_INSTANCE"] == values["NODE_APP_INSTANCE"] == "2"
    assert values["MAINSTAY_WORKER"] == WORKER.token


def test_a_worker_that_binds_by_itself_gets_a_port_of_its_own() -> None:
    assert environment.of_worker(SPEC, WORKER)["PORT"] == "3002"


@pytest.mark.parametrize("base", ["", "http", "-1", "²"])
def test_what_is_no_port_is_let_alone(base: str) -> None:
    spec = replace(SPEC, env=(EnvLayer("env", {"PORT": base}),))

    assert "PORT" not in environment.of_worker(spec, WORKER)


def test_our_runtime_is_told_its_control_socket_and_where_to_borrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_SITE", "/site")

    values = environment.of_runtime(3)

    assert (values["MAINSTAY_CONTROL_FD"], values["MAINSTAY_SITE"]) == ("3", "/site")
    assert values["MAINSTAY_PYTHON_TAG"] == sys.implementation.cache_tag


def test_the_script_that_starts_our_runtime_is_there() -> None:
    assert os.path.isfile(environment.boot_script())
