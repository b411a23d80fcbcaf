"""The engines' packages of the daemon's environment, for interpreters that lack them."""

import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from mainstay.runtime.borrowed import DaemonsPackages, MissingPackage, require
from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, ask, connect

SITE = sysconfig.get_path("purelib")
TAG = str(sys.implementation.cache_tag)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter in an environment with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return str(folder / "bin" / "python")


def test_servers_are_found_in_the_daemons_environment(either: FakeDaemon, bare: str) -> None:
    either.interpreter, either.env = bare, {"MAINSTAY_SITE": SITE, "MAINSTAY_PYTHON_TAG": TAG}
    either.write("main.py", apps.ASGI)
    listener = either.listener()

    worker = either.worker("main:app", listener)

    assert ask(connect(listener))[2] == str(worker.pid).encode()
    assert ask(connect(listener), "/env/MAINSTAY_SITE")[2] == b""


def test_other_packages_of_the_daemons_are_not_found(daemon: FakeDaemon, bare: str) -> None:
    daemon.interpreter, daemon.env = bare, {"MAINSTAY_SITE": SITE, "MAINSTAY_PYTHON_TAG": TAG}
    daemon.write("main.py", apps.FLASK)

    assert daemon.load("main:create_app()")["error"] == "ModuleNotFoundError: No module named 'flask'"


@pytest.mark.parametrize(("engine", "extra"), [("uvicorn", "web"), ("granian", "granian")])
def test_a_missing_server_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, bare: str, engine: str, extra: str
) -> None:
    with FakeDaemon(tmp_path, engine=engine) as daemon:
        daemon.interpreter, daemon.env = bare, {"MAINSTAY_SITE": SITE, "MAINSTAY_PYTHON_TAG": "cpython-27"}
        daemon.write("main.py", apps.ASGI)

        answer = daemon.load("main:app")

        assert answer["type"] == "failed"
        assert answer["error"].startswith(f"cannot serve the app: {engine} is not installed for ")
        assert answer["hint"] == f"pip install 'mainstay[{extra}]'"
        assert daemon.template.wait() == 1


def test_only_top_level_packages_of_the_list_are_lent() -> None:
    finder = DaemonsPackages(SITE)

    assert finder.find_spec("uvicorn") is not None
    assert finder.find_spec("flask") is None
    assert finder.find_spec("uvicorn.config", ["/x"]) is None


def test_what_is_installed_is_not_missing() -> None:
    require("uvicorn", "web")
    with pytest.raises(MissingPackage):
        require("uvicorn_that_is_not", "web")
