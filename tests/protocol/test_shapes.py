from pathlib import Path

from mainstay.protocol import shapes
from tests.cli.fake_daemon import row


def test_the_fake_daemon_sends_rows_of_the_right_shape() -> None:
    assert set(row("web-0")) == set(shapes.Row.__annotations__)


def test_the_shapes_are_imported_for_the_type_checker_only() -> None:
    source = Path(shapes.__file__).parents[1]
    lines = [line for file in source.rglob("*.py") for line in file.read_text().splitlines()]

    assert not [
        line for line in lines if line.startswith(("from mainstay.protocol.shapes", "import mainstay.protocol.shapes"))
    ]
