import os
import subprocess
import sys

import mainstay
from mainstay.daemon import light

PROGRAM = """
import sys
for name in {names}: sys.modules.pop(name, None)
from mainstay.daemon import light
light.postpone()
{code}
"""


def printed(code: str) -> str:
    """What a program prints that has postponed; `-S` keeps `site` from importing them before."""
    names = light.POSTPONED
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM.format(names=names, code=code)],
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(mainstay.__file__))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_postponed_module_is_not_loaded() -> None:
    assert printed("import inspect; print(type(inspect).__name__)") == "_OnDemand"


def test_a_postponed_module_is_loaded_when_it_is_used() -> None:
    assert printed("import copy; print(copy.deepcopy([[1]]), type(sys.modules['copy']).__name__)") == "[[1]] module"


def test_who_imports_it_after_all_is_settled_gets_the_real_one() -> None:
    assert (
        printed("light.settle(); import inspect; print(type(inspect).__name__, bool(inspect.signature))")
        == "module True"
    )


def test_who_imported_it_before_can_use_it_afterwards() -> None:
    assert printed("import inspect; light.settle(); print(inspect.isclass(int))") == "True"


def test_what_is_loaded_already_is_let_alone() -> None:
    assert printed("light.settle(); import copy; light.postpone(); print(sys.modules['copy'] is copy)") == "True"


def test_the_daemon_loads_none_of_them() -> None:
    code = "import mainstay.daemon.loop; light.settle(); print([n for n in light.POSTPONED if n in sys.modules])"

    assert printed(code) == "[]"


def test_the_daemon_does_not_load_what_only_some_apps_need() -> None:
    rare = ("mainstay.daemon.steps", "mainstay.daemon.schedule", "mainstay.core.jobs", "cronsim", "zoneinfo")
    code = f"import mainstay.daemon.loop; print([name for name in {rare} if name in sys.modules])"

    assert printed(code) == "[]"


def test_a_pattern_compiled_early_is_a_real_one_when_it_is_used() -> None:
    code = "import re; p = re.compile('a+'); light.settle(); print(p.match('aab').group())"

    assert printed(code) == "aa"
