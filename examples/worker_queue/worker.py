"""A worker: takes jobs from a queue (a folder of text files) and does them, one at a time, until it is told to stop.

    cd examples/worker_queue && mainstay start
    echo "count the oars" > data/waiting/1.txt

A plain script that knows nothing of mainstay. On SIGTERM it finishes the job in hand and leaves with exit code 0; a job
that it could not finish goes back into the queue when another worker starts. QUEUE names the folder.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

PAUSE = 0.2  # seconds between two looks at an empty queue
NAME = f"worker {os.environ.get('MAINSTAY_INSTANCE', '0')} (pid {os.getpid()})"


class Stopping:
    """Becomes true at SIGTERM or SIGINT; the handler does nothing else."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked


class Queue:
    """Jobs are files in `waiting`, then `taken` (the name begins with the pid that took it), then `done`."""

    def __init__(self, folder: Path) -> None:
        self.waiting, self.taken, self.done = (folder / name for name in ("waiting", "taken", "done"))
        for place in (self.waiting, self.taken, self.done):
            place.mkdir(parents=True, exist_ok=True)

    def take(self) -> Path | None:
        """A job that no other worker has, or None; renaming is what makes it ours alone."""
        for job in sorted(self.waiting.iterdir()):
            mine = self.taken / f"{os.getpid()}-{job.name}"
            try:
                return job.rename(mine)
            except FileNotFoundError:
                continue
        return None

    def finish(self, job: Path) -> None:
        """The job is done."""
        job.rename(self.done / job.name.partition("-")[2])

    def take_back(self) -> None:
        """Put back what workers took that are no longer there."""
        for job in self.taken.iterdir():
            pid, _, name = job.name.partition("-")
            if not is_alive(int(pid)):
                with suppress(FileNotFoundError):  # another worker was quicker
                    job.rename(self.waiting / name)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, ours or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def work(job: Path) -> None:
    """What a real worker would do: here, as many tenths of a second as there are words."""
    words = job.read_text().split()
    time.sleep(len(words) / 10)
    print(f"{NAME}: did {' '.join(words)!r}", flush=True)


def main() -> int:
    """Work until asked to stop; returns the exit code."""
    stopping = Stopping()
    queue = Queue(Path(os.environ.get("QUEUE") or Path(__file__).parent / "data"))
    queue.take_back()
    print(f"{NAME}: ready", flush=True)
    while not stopping:
        job = queue.take()
        if job is None:
            time.sleep(PAUSE)
            continue
        work(job)
        queue.finish(job)
    print(f"{NAME}: stopped, nothing left half done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
