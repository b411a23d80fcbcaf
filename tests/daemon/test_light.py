import os
import subprocess
import sys
from pathlib import Path

import mainstay
from mainstay.daemon import light
from tests.daemon.running import command, running

BUDGET = 5600
"""Kilobytes of anonymous memory that the daemon may take beyond a bare interpreter; it took 4,900 when this was set."""

PROGRAM = """
import sys
for name in {names}: sys.modules.pop(name, None)
sys.modules.pop("operator", None)
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


def test_the_modules_that_are_stood_in_for_work_when_they_are_used_for_real() -> None:
    code = (
        "import collections, functools, contextlib, enum; light.settle()\n"
        "print(collections.Counter('aa'), functools.partial(int, '2')(), contextlib.nullcontext(1).__enter__())"
    )

    assert printed(code) == "Counter({'a': 2}) 2 1"


def test_collections_abc_is_whole_for_whoever_imports_it_later() -> None:
    code = "import collections.abc; light.settle(); import collections.abc; print(collections.abc.Mapping.__name__)"

    assert printed(code) == "Mapping"


def test_a_cached_function_is_called_once() -> None:
    code = "import functools\n@functools.cache\ndef f(): print('called')\nf(), f()"

    assert printed(code) == "called"


def test_the_daemon_needs_neither_threading_nor_what_finds_modules() -> None:
    names = "{'importlib.util', 'runpy', 'threading'}"
    code = f"import mainstay.daemon.loop; light.settle(); print({names} & set(sys.modules))"

    assert printed(code) == "set()"


def test_an_idle_daemon_is_small(tmp_path: Path) -> None:
    with running(tmp_path):
        pass  # the byte code is there from now on
    with running(tmp_path) as daemon:
        daemon.apply(command("s", "sleep", "1000"))
        daemon.delete("s")
        daemon.ask("list")

        assert _anonymous(daemon.pid) - _bare() < BUDGET


def _bare() -> int:
    code = "print(open('/proc/self/status').read().partition('RssAnon:')[2].split()[0])"
    return int(subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True).stdout)


def _anonymous(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("RssAnon:")[2].split()[0])
