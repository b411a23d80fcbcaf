from pathlib import Path

import pytest

from mainstay.config.database import declared_database
from mainstay.config.problems import Complaints, ConfigError
from mainstay.config.source import read_document

from .files import write


@pytest.mark.parametrize(("text", "said"), [("database = 'shop/database.py'", "shop/database.py"), ("", "")])
def test_a_file_may_say_where_the_databases_are_declared(tmp_path: Path, text: str, said: str) -> None:
    document = read_document(str(write(tmp_path / "mainstay.toml", text)))
    complaints = Complaints(document)

    assert declared_database(document, complaints) == said
    assert len(complaints) == 0


@pytest.mark.parametrize(("value", "text"), [("1", "must be a text, not a number"), ("''", "is empty")])
def test_what_cannot_be_meant_is_told_by_its_line(tmp_path: Path, value: str, text: str) -> None:
    document = read_document(str(write(tmp_path / "mainstay.toml", f"\ndatabase = {value}\n")))
    complaints = Complaints(document)

    assert declared_database(document, complaints) == ""
    with pytest.raises(ConfigError, match=rf"mainstay\.toml:2: database: {text}$"):
        complaints.close()
