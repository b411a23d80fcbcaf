"""Real servers for these tests, each started once."""

from collections.abc import Iterator

import pytest

from tests.servers.database import Database
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres


@pytest.fixture(scope="package")
def pg() -> Iterator[Database]:
    """A PostgreSQL."""
    with postgres() as database:
        yield database


@pytest.fixture(scope="package")
def maria() -> Iterator[Database]:
    """A MariaDB."""
    with mariadb() as database:
        yield database


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Database:
    """Each of the two."""
    found: Database = request.getfixturevalue("pg" if request.param == "postgresql" else "maria")
    return found
