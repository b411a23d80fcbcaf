"""The counted house rules, on small trees made for the purpose."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_tests.py"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree in which every rule is kept."""
    for name in ("core/slot.py", "core/__init__.py"):
        write(tmp_path / "src" / "mainstay" / name)
    write(tmp_path / "tests" / "core" / "test_slot.py")
    return tmp_path


def write(path: Path, text: str = "x = 1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def breaches(tree: Path) -> list[str]:
    done = subprocess.run([sys.executable, SCRIPT, tree], capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stdout), done.stderr
    return done.stdout.splitlines()


def test_a_tree_that_keeps_the_rules_passes(tree: Path) -> None:
    assert breaches(tree) == []


def test_a_source_file_without_its_test_is_named(tree: Path) -> None:
    write(tree / "src" / "mainstay" / "core" / "policy.py")

    assert breaches(tree) == ["src/mainstay/core/policy.py: has no tests/core/test_policy.py"]


def test_a_file_of_more_than_five_hundred_lines_is_named(tree: Path) -> None:
    write(tree / "src" / "mainstay" / "core" / "slot.py", "x = 1\n" * 500)
    write(tree / "tests" / "core" / "test_slot.py", "x = 1\n" * 501)

    assert breaches(tree) == ["tests/core/test_slot.py: 501 lines, at most 500"]


@pytest.mark.parametrize("name", ["src/mainstay/utils/__init__.py", "benchmarks/helpers.py", "tests/test_common.py"])
def test_a_name_that_says_nothing_is_refused(tree: Path, name: str) -> None:
    write(tree / name)

    (breach,) = breaches(tree)

    assert breach.startswith(f"{name}: ")
