import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from mainstay.client.connection import Refused
from mainstay.model.codec import dump
from mainstay.protocol import shapes
from tests.cli.fake_daemon import row
from tests.daemon.running import Daemon, command, running
from tests.waiting import until


def test_the_fake_daemon_sends_rows_of_the_right_shape() -> None:
    assert set(row("web-0")) == set(shapes.Row.__annotations__)


def test_the_shapes_are_imported_for_the_type_checker_only() -> None:
    source = Path(shapes.__file__).parents[1]
    lines = [line for file in source.rglob("*.py") for line in file.read_text().splitlines()]

    assert not [
        line for line in lines if line.startswith(("from mainstay.protocol.shapes", "import mainstay.protocol.shapes"))
    ]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder, running(Path(folder, "home")) as started:
        yield started


def test_what_a_daemon_answers_has_the_shapes_it_should(daemon: Daemon) -> None:
    touched = daemon.apply(command("one", "sleep", "1000"))
    listing, details = daemon.ask("list"), daemon.ask("describe", selectors=["one"])
    daemon.ask("signal", selectors=["one"], signal="SIGKILL")
    ended = until(lambda: daemon.ask("describe", selectors=["one"])["apps"][0]["slots"][0]["exits"])

    assert mismatches(touched, shapes.Touched) == []
    assert mismatches(listing, shapes.Listing) == []
    assert mismatches(details, shapes.Details) == []
    assert mismatches(ended[0], shapes.Exit) == []
    assert mismatches(daemon.ask("env", selector="one"), shapes.Environment) == []
    assert mismatches(daemon.ask("streams"), shapes.Streams) == []
    assert mismatches(daemon.ask("plan", specs=[dump(command("one", "sleep", "9"))]), shapes.Plan) == []
    assert mismatches(daemon.ask("ping"), shapes.Pong) == []


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("restart", {}),
        ("reload", {}),
        ("scale", {"app": "two", "to": "+1"}),
        ("signal", {"signal": "SIGCONT"}),
        ("reset", {}),
        ("stop", {}),
        ("start", {}),
        ("delete", {}),
    ],
)
def test_every_verb_that_changes_something_has_one_shape_of_result(
    daemon: Daemon, verb: str, args: dict[str, str]
) -> None:
    daemon.apply(command("two", "sleep", "1000"))

    result = daemon.ask(verb, **({"selectors": ["two"]} | args))

    assert mismatches(result, shapes.Touched) == []
    assert [outcome["app"] for outcome in result["apps"]] == ["two"]


def test_a_refusal_has_the_shape_beside_its_words(daemon: Daemon) -> None:
    with pytest.raises(Refused) as raised:
        daemon.ask("stop", selectors=["nobody"])

    assert raised.value.result == {"apps": [], "survivors": [], "warnings": []}


def mismatches(value: Any, shape: Any, where: str = "") -> list[str]:  # Any: JSON, and what type hints are made of
    """Where a value is not what a shape says."""
    origin, inner = get_origin(shape), get_args(shape)
    if is_typeddict(shape):
        hints = get_type_hints(shape)
        if not isinstance(value, dict) or set(value) != set(hints):
            return [f"{where}: {value} has other keys than {sorted(hints)}"]
        return [found for key in hints for found in mismatches(value[key], hints[key], f"{where}.{key}")]
    if origin is list:
        return [found for i, item in enumerate(value) for found in mismatches(item, inner[0], f"{where}[{i}]")]
    if origin is UnionType:
        fits = any(not mismatches(value, one, where) for one in inner)
        return [] if fits else [f"{where}: {value} is none of {shape}"]
    if origin is Literal:
        return [] if value in inner else [f"{where}: {value} is none of {inner}"]
    wanted = (int, float) if shape is float else origin or shape
    return [] if isinstance(value, wanted) else [f"{where}: {value!r} is no {shape}"]
