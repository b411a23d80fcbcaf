"""docs/protocol.md says what is: compared with the daemon's verbs, the shapes and the commands."""

import ast
import re
from pathlib import Path
from typing import get_type_hints

import pytest

from mainstay.cli.index import commands
from mainstay.daemon.asking import STEERING, UPGRADE
from mainstay.protocol import shapes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text()
SHAPES = [name for name, shape in vars(shapes).items() if hasattr(shape, "__required_keys__")]


def matched(file: str) -> set[str]:
    """The texts that `match verb` has cases for in a file of the daemon."""
    tree = ast.parse((ROOT / "src/mainstay/daemon" / file).read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Match) and ast.unparse(node.subject) == "verb"]
    return {
        str(value.value.value)
        for match in found
        for value in ast.walk(match)
        if isinstance(value, ast.MatchValue) and isinstance(value.value, ast.Constant)
    }


def section(title: str) -> str:
    found = re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"no section {title}"
    return found.group(1)


def test_every_verb_of_the_daemon_is_documented_and_no_other() -> None:
    verbs = matched("asking.py") | matched("answers.py") | STEERING.keys() | {UPGRADE}

    assert len(verbs) > 10
    assert set(re.findall(r"^\| `([\w-]+)` \|", section("Verbs"), re.MULTILINE)) == verbs


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_documented_key_for_key(name: str) -> None:
    text = section(name)
    documented = set(re.findall(r'^    "(\w+)":', text, re.MULTILINE))
    if text.startswith("\nA `Row`, and:"):
        documented |= shapes.Row.__annotations__.keys()

    assert documented == set(getattr(shapes, name).__annotations__)


def test_every_outcome_is_documented() -> None:
    words = get_type_hints(shapes.Outcome)["outcome"].__args__

    assert [word for word in words if not re.search(rf"\b{word}\b", section("Outcome"))] == []


def test_every_command_with_json_is_documented() -> None:
    documented = set(re.findall(r"`([\w-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    source = ROOT / "src"
    files = {c.name: source / f"{c.module.replace('.', '/')}.py" for c in commands()}
    with_json = {name for name, file in files.items() if ".add_json(" in file.read_text()}

    assert with_json - documented == set()


def test_the_example_speaks_as_the_daemon_expects() -> None:
    example = re.search(r"^    import json.*?(?=\n\n[^ ])", PAGE, re.DOTALL | re.MULTILINE)
    assert example
    asked = re.search(r'\{"v": 1.*?\}\}', example.group())
    assert asked

    assert set(ast.literal_eval(asked.group())) == {"v", "id", "verb", "args"}
