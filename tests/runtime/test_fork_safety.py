"""What an import leaves behind, and whether that may be forked."""

import socket
import sqlite3
import sys
import threading
from pathlib import Path

import sqlalchemy
from sqlalchemy.pool import StaticPool

from mainstay.runtime.fork_safety import empty_pools, look, why_not


def test_nothing_left_behind_is_safe() -> None:
    assert why_not(look()) == ""


def test_a_thread_is_named() -> None:
    before, done = look(), threading.Event()
    thread = threading.Thread(target=done.wait, name="poller")
    thread.start()

    reason = why_not(before)

    done.set()
    thread.join()
    assert reason == "1 thread is alive after the import (poller)"


def test_a_connection_is_named_and_a_listener_is_not() -> None:
    before = look()
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert why_not(before) == ""
        with socket.create_connection(server.getsockname()):
            assert f"connected socket open (to 127.0.0.1:{server.getsockname()[1]})" in why_not(before)


def test_a_file_is_judged_by_how_it_is_open(tmp_path: Path) -> None:
    before, path = look(), tmp_path / "data"
    path.write_text("x")
    with path.open("a"), path.open("a+"), path.open("r"), path.open("w"):
        assert why_not(before) == ""
    with path.open("r+"):
        assert why_not(before) == f"the import left {path} open for reading and writing"


def test_a_database_is_a_file_open_for_both(tmp_path: Path) -> None:
    before = look()
    database = sqlite3.connect(tmp_path / "shop.db")
    database.execute("create table t (a)")

    assert "shop.db open for reading and writing" in why_not(before)
    database.close()


def test_connections_that_wait_in_a_pool_are_given_up(tmp_path: Path) -> None:
    before = look()
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    sqlalchemy.MetaData().create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("create table t (a)")
    assert why_not(before) != ""

    empty_pools()

    assert why_not(before) == ""


def test_a_database_in_memory_is_kept() -> None:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table t (a)")

    empty_pools()

    with engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from t").scalar() == 0
    engine.dispose()


def test_django_without_settings_has_no_connections() -> None:
    import django.db  # noqa: F401

    assert "django.db" in sys.modules
    empty_pools()
