"""The entry by path: whose modules are found, and what stays of ours."""

import os
import subprocess
import sys

import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import BOOT, FakeDaemon, ask, connect


def test_modules_of_the_users_with_our_names_are_theirs(either: FakeDaemon) -> None:
    names = ["template", "worker", "boot", "control", "load", "drain", "wsgi", "messages", "process"]
    for name in names:
        either.write(f"{name}.py", "mine = True")
    imports = "".join(f"import {name}\nassert {name}.mine\n" for name in names)
    either.write("main.py", imports + apps.ASGI)
    listener = either.listener()

    worker = either.worker("main:app", listener)

    assert ask(connect(listener))[2] == str(worker.pid).encode()


def test_the_path_begins_with_the_working_directory_and_has_nothing_of_ours(daemon: FakeDaemon) -> None:
    daemon.write("main.py", f"import sys\nprint(sys.path, sys.argv)\n{apps.ASGI}")

    daemon.load("main:app")

    assert daemon.out.text.startswith(f"['{daemon.folder}', ")
    assert "mainstay" not in daemon.out.text
    assert daemon.out.text.endswith("['main:app']\n")


def test_another_mainstay_in_the_users_folder_is_not_mixed_in(daemon: FakeDaemon) -> None:
    daemon.write("mainstay/__init__.py", "raise AssertionError('theirs')")
    daemon.write("main.py", f"import mainstay\nprint(mainstay.__file__)\n{apps.ASGI}")

    daemon.load("main:app")

    assert daemon.out.text == f"{BOOT.parents[1]}/__init__.py\n"


def test_a_safe_path_gets_the_working_directory_too(daemon: FakeDaemon) -> None:
    daemon.env = {"PYTHONSAFEPATH": "1"}
    daemon.write("main.py", apps.ASGI)

    assert daemon.load("main:app")["type"] == "imported"


def test_a_user_process_started_by_multiprocessing_does_not_run_the_entry(daemon: FakeDaemon) -> None:
    daemon.write("child.py", "def work():\n    print('worked', flush=True)\n")
    start = "import multiprocessing, child\ncontext = multiprocessing.get_context('spawn')\n"
    run = "process = context.Process(target=child.work)\nprocess.start()\nprocess.join()\n"
    daemon.write("main.py", start + run + apps.ASGI)

    assert daemon.load("main:app")["type"] in ("imported", "cold")
    assert daemon.out.text == "worked\n"
    assert daemon.err.text == ""


@pytest.mark.parametrize("arguments", [[], ["template"], ["template", "main:app"], ["other", "main:app"]])
def test_a_wrong_start_is_answered_with_the_usage(arguments: list[str]) -> None:
    env = {"PATH": os.environ["PATH"]}
    result = subprocess.run([sys.executable, BOOT, *arguments], env=env, capture_output=True, text=True)

    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")
