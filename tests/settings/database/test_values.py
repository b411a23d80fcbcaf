from pathlib import Path

import pytest

from mainstay.settings import Secret
from mainstay.settings.database import secret, variable
from mainstay.settings.database.values import Unusable


def test_a_variable_is_read_when_it_is_asked_for_and_not_before() -> None:
    host = variable("DB_HOST")

    assert host.read({"DB_HOST": "db"}) == "db"
    assert host.read({"DB_HOST": "db2"}) == "db2"


def test_a_variable_goes_through_its_cast() -> None:
    assert variable("DB_PORT", int).read({"DB_PORT": "5432"}) == 5432


@pytest.mark.parametrize(("environ", "text"), [({}, "DB_HOST is not set"), ({"DB_HOST": ""}, "DB_HOST is empty")])
def test_a_variable_without_a_default_has_to_be_set(environ: dict[str, str], text: str) -> None:
    with pytest.raises(Unusable, match=f"^{text}$"):
        variable("DB_HOST").read(environ)


@pytest.mark.parametrize("environ", [{}, {"DB_PORT": ""}])
def test_a_default_stands_in_for_what_is_not_set_or_empty(environ: dict[str, str]) -> None:
    assert variable("DB_PORT", int, default=5432).read(environ) == 5432
    assert secret("DB_PORT", default="").read(environ) == Secret("")


def test_what_a_cast_refuses_is_not_shown() -> None:
    with pytest.raises(Unusable) as caught:
        variable("DB_PORT", int).read({"DB_PORT": "hunter2"})

    assert str(caught.value) == "DB_PORT is no int"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_value_may_be_in_a_file_that_another_variable_names(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    environ = {"DB_PASSWORD_FILE": str(tmp_path / "password")}

    assert secret("DB_PASSWORD").read(environ) == Secret("hunter2")
    with pytest.raises(Unusable, match="DB_PASSWORD and DB_PASSWORD_FILE are both set"):
        secret("DB_PASSWORD").read(environ | {"DB_PASSWORD": "hunter3"})
    with pytest.raises(Unusable, match="cannot read /no/such/file"):
        secret("DB_PASSWORD").read({"DB_PASSWORD_FILE": "/no/such/file"})


def test_a_secret_prints_as_stars() -> None:
    password = secret("DB_PASSWORD").read({"DB_PASSWORD": "hunter2"})

    assert (str(password), password.reveal()) == ("***", "hunter2")
    assert "hunter2" not in repr(secret("DB_PASSWORD", default="hunter2"))
