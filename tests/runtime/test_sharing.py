"""The template's memory is arranged for its forks, and nothing of the app's runs meanwhile."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).parents[2] / "src")


def _run(code: str) -> str:
    code = f"import gc, sys\nfrom mainstay.runtime import sharing\n{code}"
    environment = {"PYTHONPATH": SOURCE}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert ran.stderr == ""
    return ran.stdout


def test_what_is_there_is_kept_from_later_collections() -> None:
    assert _run("sharing.prepare_to_share()\nprint(gc.get_freeze_count() > 1000)") == "True\n"


def test_a_class_and_a_module_that_do_things_when_looked_at_are_left_alone() -> None:
    code = (
        "import types\n"
        "class Meta(type):\n"
        "    def __getattribute__(cls, name): print('looked up')\n"
        "class Loud(metaclass=Meta):\n"
        "    def __getattr__(self, name): print('looked up')\n"
        "class Lazy(types.ModuleType):\n"
        "    def __getattribute__(self, name): print('loaded')\n"
        "sys.modules['lazy'], sys.modules['strange'] = Lazy('lazy'), object()\n"
        "sys.modules['nameless'] = nameless = types.ModuleType('nameless')\n"
        "del nameless.__name__\n"
        "sharing.prepare_to_share()\n"
        "del sys.modules['lazy']\n"
    )
    assert _run(code) == ""


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="about CPython's allocator")
def test_objects_made_later_lie_outside_the_holes() -> None:
    code = (
        "made = [bytes(200) for _ in range(7000)]\n"
        "holes = set(map(id, made[::2]))\n"
        "del made[::2]\n"
        "sharing.prepare_to_share()\n"
        "print(len(holes & {id(one) for one in [bytes(200) for _ in range(3000)]}) < 100)\n"
    )
    assert _run(code) == "True\n"


def test_without_pools_nothing_is_kept() -> None:
    code = "sharing._is_fresh = lambda batch, size: False\nprint(sharing._fill_pools())"

    assert _run(code) == "[]\n"
