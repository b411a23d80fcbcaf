"""What a process has mapped of its libraries is given back, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.sys.mappings import clean_areas

SOURCE = str(Path(__file__).parents[2] / "src")
SMAPS = """\
1000-3000 r--p 00000000 fe:01 77 /usr/lib/libc.so.6
Anonymous:             0 kB
3000-6000 r-xp 00002000 fe:01 77 /usr/lib/libc.so.6
Anonymous:             0 kB
6000-7000 r--p 00005000 fe:01 77 /usr/lib/libc.so.6
Anonymous:             4 kB
7000-8000 rw-p 00006000 fe:01 77 /usr/lib/libc.so.6
Anonymous:             0 kB
8000-9000 r--s 00000000 fe:01 78 /var/cache/shared
Anonymous:             0 kB
9000-a000 r--p 00000000 00:00 0 [vvar]
Anonymous:             0 kB
"""


def test_only_what_is_read_from_a_file_and_was_never_written_is_clean() -> None:
    assert clean_areas(SMAPS) == [(0x1000, 0x2000), (0x3000, 0x3000)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_has_less_mapped_and_works_on() -> None:
    code = (
        "import json, sqlite3, ssl\n"
        "from mainstay.sys.mappings import let_go_of_libraries\n"
        "def mapped():\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    return next(int(line.split()[1]) for line in lines if line.startswith('RssFile:'))\n"
        "before = mapped()\n"
        "assert let_go_of_libraries() > 0\n"
        "print(mapped() < before, sqlite3.connect(':memory:').execute('select 7').fetchone(), json.loads('[1]'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": SOURCE}, capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("True (7,) [1]\n", "")
