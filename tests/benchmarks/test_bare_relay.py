import subprocess
import sys
from pathlib import Path

import benchmarks.bare_relay as bare_relay


def test_what_a_program_writes_is_in_the_file_and_the_end_is_the_programs(tmp_path: Path) -> None:
    target = tmp_path / "out"
    program = [sys.executable, "-c", "print('line\\n' * 200_000, end='')"]
    subprocess.run([sys.executable, bare_relay.__file__, str(target), *program], check=True, timeout=60)

    assert target.read_text() == "line\n" * 200_000
