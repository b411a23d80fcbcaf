import os
import subprocess
import sys

import pytest

from tests.cli.running import SOURCE

CODE = "from mainstay.cli.chainload.inherited import environment; print(*sorted(environment().items()))"


def seen(environ: dict[bytes, bytes]) -> str:
    """What a Python of its own says that it was started with."""
    code = f"import sys; sys.path.insert(0, {SOURCE!r}); {CODE}"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=True)
    return done.stdout.decode(errors="surrogateescape").strip()


@pytest.mark.parametrize("lang", [b"", b"C", b"POSIX", b"C.UTF-8"])
def test_what_python_sets_for_itself_is_not_part_of_it(lang: bytes) -> None:
    environ = {b"LANG": lang} if lang else {}

    assert "LC_CTYPE" not in seen(environ)


def test_what_the_caller_set_is() -> None:
    assert seen({b"LC_CTYPE": b"C.UTF-8"}) == "('LC_CTYPE', 'C.UTF-8')"
    assert seen({b"LC_CTYPE": b"C", b"LC_ALL": b"C"}) == "('LC_ALL', 'C') ('LC_CTYPE', 'C')"


def test_bytes_that_are_no_text_survive() -> None:
    assert seen({b"A": b"\xff", b"\xfe": b"1"}) == "('A', '\\udcff') ('\\udcfe', '1')"


def test_a_variable_without_a_name_cannot_be_handed_on() -> None:
    program = "import os, sys; os.execve(sys.argv[1], sys.argv[1:], {'=x': '1', 'A': '1'})"
    code = f"import sys; sys.path.insert(0, {SOURCE!r}); {CODE}"

    done = subprocess.run([sys.executable, "-c", program, sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout.strip() == b"('A', '1')"
    assert os.environ.get("", None) is None
