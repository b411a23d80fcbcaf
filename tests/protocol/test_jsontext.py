import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.protocol.jsontext import dumps, loads
from tests.cli.running import SOURCE

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert loads(dumps(value)) == value


@given(VALUES)
def test_the_json_of_the_library_means_the_same(value: object) -> None:
    assert json.loads(dumps(value)) == value
    assert loads(json.dumps(value)) == value


def test_undecodable_bytes_of_the_system_survive() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")

    assert loads(dumps({"LANG": name})) == {"LANG": name}


@pytest.mark.parametrize("text", ["", "{", "[1] x", "NaN", "[Infinity]", '"a\nb"', "{1: 2}", "9" * 5000, "[" * 200_000])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


@pytest.mark.parametrize(("value", "error"), [(float("nan"), ValueError), ({1, 2}, TypeError)])
def test_what_json_has_no_word_for_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        dumps(value)


def test_reading_and_writing_need_neither_json_nor_re() -> None:
    code = (
        "import sys; from mainstay.protocol.jsontext import dumps, loads; loads(dumps({'a': [1, 2.5, None]}));"
        "print([name for name in ('json', 're', 'enum') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {SOURCE!r}); {code}"],
        capture_output=True,
        text=True,
    )

    assert done.stdout == "[]\n", done.stderr


def test_errors_of_the_scanner_are_told_though_json_was_never_imported() -> None:
    code = (
        f"import sys; sys.path.insert(0, {SOURCE!r}); from mainstay.protocol.jsontext import loads\n"
        "try: loads('{')\n"
        "except ValueError as error: print('refused')"
    )

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)

    assert done.stdout == "refused\n", done.stderr
