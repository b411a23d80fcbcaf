import tomllib
from pathlib import Path

from mainstay.config.reference import reference
from mainstay.config.schema import KEYS

from .files import mistakes

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_in_docs_is_the_generated_one() -> None:
    assert PAGE.read_text() == reference(), "run: python -m mainstay.config.reference > docs/configuration.md"


def test_every_key_has_its_row() -> None:
    assert all(f"\n| `{key.name}` | " in reference() for key in KEYS)


def test_rows_have_four_columns() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("|")]

    assert {row.count("|") for row in rows} == {5}


def test_the_example_is_right_but_for_its_missing_files(tmp_path: Path) -> None:
    example = reference().split("```toml\n")[1].split("```")[0]
    (tmp_path / ".env").touch()

    assert tomllib.loads(example)
    assert mistakes(tmp_path, example) == []
