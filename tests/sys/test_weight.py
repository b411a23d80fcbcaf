"""The daemon imports all of this folder and has to stay small."""

import os

import mainstay.sys
from tests.sys.children import line, python

HEAVY = {"asyncio", "ctypes", "logging", "pathlib", "psutil", "shutil", "subprocess", "tempfile", "typing", "urllib"}


def test_nothing_heavy_and_nothing_else_of_ours_is_imported() -> None:
    folder = os.path.dirname(mainstay.sys.__file__)
    names = sorted(f"mainstay.sys.{name[:-3]}" for name in os.listdir(folder) if name.endswith(".py"))
    code = f"""
import dataclasses, sys
import {", ".join(name for name in names if not name.endswith("__init__"))}
print(*sys.modules)
"""
    with python(code) as process:
        loaded = set(line(process).split())

    assert HEAVY & loaded == set()
    ours = {name for name in loaded if name.startswith("mainstay")}
    assert {name for name in ours if not name.startswith("mainstay.sys")} == {"mainstay"}
