"""The servers that tests start: they answer, and are gone afterwards."""

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy

from tests.servers.database import Database
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres


@pytest.mark.parametrize(("start", "driver"), [(postgres, "psycopg"), (mariadb, "pymysql")])
def test_a_server_answers_on_its_url_and_is_gone_afterwards(
    start: Callable[[], AbstractContextManager[Database]], driver: str
) -> None:
    with start() as server:
        engine = sqlalchemy.create_engine(server.url(driver))
        with engine.connect() as connection:
            one = connection.scalar(sqlalchemy.text("SELECT 1"))
        engine.dispose()

    with socket.socket() as probe:
        refused = probe.connect_ex((server.host, server.port))
    assert one == 1
    assert refused


@pytest.mark.parametrize(("start", "driver"), [(postgres, "psycopg"), (mariadb, "pymysql")])
def test_a_server_does_not_wait_for_clients_to_leave(
    start: Callable[[], AbstractContextManager[Database]], driver: str
) -> None:
    with start() as server:
        connection = sqlalchemy.create_engine(server.url(driver)).connect()
        ended = time.monotonic()

    assert time.monotonic() - ended < 20
    assert not connection.closed
    connection.invalidate()
