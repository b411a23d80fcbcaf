import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mainstay.web.sessions.conformance import SyncStoreConformance, new_key
from mainstay.web.sessions.store import Conflict, StoreError
from mainstay.web.sessions.stores.sqlite_blocking import SyncSQLiteStore


class TestConformance(SyncStoreConformance):
    shortest = 0.05

    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    def make_store(self) -> SyncSQLiteStore:
        return SyncSQLiteStore(self.path, timeout=5)


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = SyncSQLiteStore(tmp_path / "sessions.db")
    store.put(new_key(), b"x", 60, None)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

    assert modes == {"sessions.db": 0o600, "sessions.db-wal": 0o600, "sessions.db-shm": 0o600}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/sessions.db: No such file"):
        SyncSQLiteStore(tmp_path / "missing" / "sessions.db")


def test_a_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    path.write_bytes(b"This is no database, it is a letter to my aunt. " * 100)

    with pytest.raises(StoreError, match=r"sessions.db: file is not a database"):
        SyncSQLiteStore(path)


def test_a_writer_that_holds_the_file_is_waited_for_no_longer_than_allowed(tmp_path: Path) -> None:
    store, key = SyncSQLiteStore(tmp_path / "sessions.db", timeout=0.05), new_key()
    version = store.put(key, b"x", 60, None)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match="locked"):
        store.put(key, b"y", 60, version)

    stored = store.get(key)
    assert stored is not None
    assert stored.value == b"x"
    other.close()


def test_expired_entries_are_removed_as_others_are_written(tmp_path: Path) -> None:
    now = 1000.0
    store = SyncSQLiteStore(tmp_path / "sessions.db", clock=lambda: now)
    for _ in range(10):
        store.put(new_key(), b"x", 5, None)
    store.link("ann", new_key(), 5)
    now += 100

    store.put(new_key(), b"x", 5, None)

    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM links").fetchone() == (0,)


def test_a_read_soon_after_a_read_writes_nothing(tmp_path: Path) -> None:
    now = 1000.0
    store, key = SyncSQLiteStore(tmp_path / "sessions.db", clock=lambda: now), new_key()
    store.put(key, b"x", 320, None)

    now += 9
    store.get(key, 320)
    assert store.look(key)[1] == 1320
    now += 2
    store.get(key, 320)

    assert store.look(key)[1] == 1011 + 320


def test_a_forked_child_opens_the_file_anew(tmp_path: Path) -> None:
    store, key = SyncSQLiteStore(tmp_path / "sessions.db", timeout=5), new_key()
    version = store.put(key, b"of the parent", 60, None)

    pid = os.fork()
    if pid == 0:
        try:
            store.put(key, b"of the child", 60, version)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)

    with pytest.raises(Conflict):
        store.put(key, b"of the parent again", 60, version)
    stored = store.get(key)
    assert stored is not None
    assert stored.value == b"of the child"


def test_a_thread_that_ends_leaves_its_connection_to_the_next(tmp_path: Path) -> None:
    store = SyncSQLiteStore(tmp_path / "sessions.db", timeout=5)
    for _ in range(20):
        thread = threading.Thread(target=lambda: store.put(new_key(), b"x", 60, None))
        thread.start()
        thread.join()

    assert len(store._all) == 1


_WRITER = """
import sys
from mainstay.web.sessions.blocking import Blocking, drive
from mainstay.web.sessions.conformance import add_one
from mainstay.web.sessions.stores.sqlite_blocking import SyncSQLiteStore
store = Blocking(SyncSQLiteStore(sys.argv[1], timeout=20))
for number in range(int(sys.argv[3])):
    drive(add_one(store, sys.argv[2]))
    print(number + 1, flush=True)
"""


def _writer(path: Path, key: str, times: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _WRITER, str(path), key, str(times)]
    environ = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.Popen(arguments, env=environ, stdout=subprocess.PIPE, text=True)


def test_of_several_processes_none_loses_an_update(tmp_path: Path) -> None:
    store, key = SyncSQLiteStore(tmp_path / "sessions.db", timeout=20), new_key()
    store.put(key, b"0", 60, None)
    writers = [_writer(store.path, key, 50) for _ in range(4)]

    codes = [writer.wait(60) for writer in writers]

    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.close()
    stored = store.get(key)
    assert codes == [0] * 4
    assert stored is not None
    assert stored.value == b"200"


def test_a_killed_writer_loses_nothing_it_had_written_and_holds_nobody_up(tmp_path: Path) -> None:
    store, key = SyncSQLiteStore(tmp_path / "sessions.db", timeout=20), new_key()
    store.put(key, b"0", 600, None)
    for _ in range(3):
        stored = store.get(key)
        assert stored is not None
        before = int(stored.value)
        writer = _writer(store.path, key, 10**9)
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        said += [int(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait(10)
        writer.stdout.close()

        stored = store.get(key)
        assert stored is not None
        assert before + said[-1] <= int(stored.value) <= before + said[-1] + 1
        store.put(key, stored.value, 600, stored.version)

    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _open_and_put(path: str, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait(20)
    SyncSQLiteStore(path, timeout=10).put(new_key(), b"x", 60, None)


def test_workers_that_start_together_make_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    path, start = tmp_path / "sessions.db", context.Barrier(6)
    workers = [context.Process(target=_open_and_put, args=(str(path), start)) for _ in range(6)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert [worker.exitcode for worker in workers] == [0] * 6
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (6,)
