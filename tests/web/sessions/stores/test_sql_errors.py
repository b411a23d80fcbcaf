"""What SQLAlchemy raises, in one line without SQL and parameters."""

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sql_entries import AlreadyThere
from mainstay.web.sessions.stores.sql_errors import place_of, translated

DATA = {"value": b"the data of a user"}


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql+asyncpg://shop:sesame@db:5432/shop", "postgresql database shop at db:5432"),
        ("mysql+pymysql://shop:sesame@db/shop", "mysql database shop at db"),
        ("sqlite:////var/lib/shop.db", "sqlite database /var/lib/shop.db"),
    ],
)
def test_a_database_is_named_without_its_account(url: str, text: str) -> None:
    assert place_of(make_url(url)) == text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("INSERT INTO x", DATA, Exception("server closed\nmore")), "OperationalError: server closed"),
        (OperationalError("SELECT 1", DATA, Exception("no such table: x")), "create(), or migrate"),
        (PoolTimeout("QueuePool limit of size 5"), "enlarge the engine's pool_size"),
        (OSError(111, "Connection refused"), "Connection refused"),
        (ValueError(""), "no reason is given"),
    ],
)
def test_an_error_is_told_in_one_line_without_data(error: Exception, said: str) -> None:
    told = translated(error, "mysql database shop at db")

    assert isinstance(told, StoreError)
    assert said in str(told)
    assert "the data" not in str(told)
    assert "INSERT" not in str(told)
    assert "\n" not in str(told)


def test_a_primary_key_that_is_taken_is_a_case_of_its_own() -> None:
    assert isinstance(translated(IntegrityError("INSERT", DATA, Exception("duplicate")), "db"), AlreadyThere)


def test_ours_stay_what_they_are() -> None:
    ours = StoreError("down")

    assert translated(ours, "db") is ours
