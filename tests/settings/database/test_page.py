"""docs/database.md does what it says."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mainstay.settings.database import Database, Sections, drivers

PAGE = (Path(__file__).parents[3] / "docs" / "database.md").read_text()
EXAMPLES = [code for code in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "Sections(" in code]


@pytest.mark.parametrize("code", EXAMPLES)
def test_each_example_declares_sections_that_can_be_used(code: str) -> None:
    names: dict[str, object] = {}
    exec(code, names)
    databases = names["databases"]
    assert isinstance(databases, Sections)
    environ = {"DB_HOST": "db", "DB_PASSWORD": "hunter2"}

    urls = [str(databases.resolve(name, environ).url) for name in databases.names]

    assert urls
    assert not any("hunter2" in url for url in urls)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2


def test_every_field_of_a_database_is_on_the_page() -> None:
    assert not [one.name for one in fields(Database) if f"`{one.name}`" not in PAGE]


def test_every_driver_is_on_the_page() -> None:
    known = {one.install or "built in" for group in drivers.DRIVERS.values() for one in group}

    missing = [name for name in known if name.partition("[")[0].removesuffix("-binary") not in PAGE]

    assert not missing
