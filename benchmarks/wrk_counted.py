"""wrk with a fixed number of requests, so that CPU time can be divided by what was answered."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contender import CannotServe
from benchmarks.environment import base_environment

SCRIPT = Path(__file__).with_suffix(".lua")
CONNECTIONS = 16
PATIENCE = 120
ANY = "*"


def send(url: str, number: int, cookies: Sequence[str] = (), *, expected: str = ANY) -> int:
    """Send `number` requests over 16 kept connections, with one cookie after the other; how many were answered.

    When it returns, up to 15 more may have been sent whose answers nobody waits for. Raises CannotServe when an answer
    is no 200 or not the body that was expected, or when they do not all come within two minutes.
    """
    with tempfile.NamedTemporaryFile("w", prefix="cookies-") as file:
        file.write("".join(f"{cookie}\n" for cookie in cookies))
        file.flush()
        argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{PATIENCE}s", "--timeout", "30s", "-s", str(SCRIPT), url]
        argv += ["--", str(number), expected, file.name]
        done = subprocess.run(argv, env=base_environment(), capture_output=True, text=True, timeout=PATIENCE + 30)
    return understand(done.stdout, done.stderr)


def understand(said: str, complained: str = "") -> int:
    """The number of answers in the script's last line. Raises CannotServe when any was wrong or it is not there."""
    last = (said.strip().splitlines() or [""])[-1]
    if not last.startswith("{"):
        raise CannotServe(f"wrk: not all requests were answered: {said[-500:]} {complained[-500:]}")
    tally = json.loads(last)
    if tally["wrong"]:
        raise CannotServe(f"{tally['wrong']} of {tally['answered']} answers were not what was expected")
    return int(tally["answered"])
