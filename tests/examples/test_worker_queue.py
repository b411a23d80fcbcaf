"""The worker, as a process with a folder of jobs."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.examples.serving import EXAMPLES
from tests.waiting import until


@contextmanager
def worker(queue: Path) -> Generator["subprocess.Popen[str]"]:
    """A worker on the folder `queue`, ready; killed after the block where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "worker.py"],
        cwd=EXAMPLES / "worker_queue",
        env={**os.environ, "QUEUE": str(queue), "MAINSTAY_INSTANCE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"worker 1 (pid {process.pid}): ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def put(queue: Path, name: str, text: str, place: str = "waiting") -> None:
    (queue / place).mkdir(parents=True, exist_ok=True)
    (queue / place / name).write_text(text)


def names(queue: Path, place: str) -> set[str]:
    return {job.name for job in (queue / place).iterdir()}


def test_jobs_are_done(tmp_path: Path) -> None:
    put(tmp_path, "1.txt", "count the oars")
    put(tmp_path, "2.txt", "swab")

    with worker(tmp_path):
        until(lambda: names(tmp_path, "done") == {"1.txt", "2.txt"}, what="both jobs done")

    assert names(tmp_path, "waiting") == set()


def test_sigterm_lets_the_job_in_hand_be_finished_and_takes_no_other(tmp_path: Path) -> None:
    put(tmp_path, "1.txt", "a job of ten words takes a second or so")
    put(tmp_path, "2.txt", "swab")
    with worker(tmp_path) as process:
        until(lambda: names(tmp_path, "taken"), what="a job in hand")

        process.terminate()

        assert process.wait(30) == 0
        assert names(tmp_path, "done") == {"1.txt"}
        assert names(tmp_path, "waiting") == {"2.txt"}


def test_a_job_whose_worker_was_killed_is_done_by_the_next(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait(30)
    put(tmp_path, f"{gone.pid}-1.txt", "swab", place="taken")

    with worker(tmp_path):
        until(lambda: names(tmp_path, "done") == {"1.txt"}, what="the job done")


def test_a_job_in_another_workers_hand_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, f"{os.getpid()}-1.txt", "swab", place="taken")
    put(tmp_path, "2.txt", "swab")

    with worker(tmp_path):
        until(lambda: names(tmp_path, "done") == {"2.txt"}, what="the other job done")

    assert names(tmp_path, "taken") == {f"{os.getpid()}-1.txt"}
