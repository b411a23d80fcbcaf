import textwrap
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.config.document import KeyPath
from mainstay.config.toml_lines import lines_of_keys

TEXT = textwrap.dedent('''\
    # a comment with [brackets] and "quotes"
    title = "x # no comment"   # a comment
    [apps.web]                 # line 3
    app = 'a:b'
    env = { A = "1", "B C" = { D = [1,
      2] } }
    bind = [
      "one",   # ] no end
      """two
    lines "quoted" \\""" x""",
      ["three", { x = 1 }],
    ]
    a.b . "c.d" = 1
    text = \'\'\'
    [not.a.table]
    key = 1\'\'\'
    when = 2020-01-01 10:00:00
    after = true
    [apps."my app".deep]
    x = 1
    [[list]]
    a = 1
    [[list]]
    a = 2
    [list.sub]
    b = 3
    [[list.inner]]
    c = 4
    "\\u0041" = 5
''')


def paths(data: object, at: KeyPath = ()) -> list[KeyPath]:
    """Every key and item in what tomllib read."""
    found: list[KeyPath] = [at] if at else []
    if isinstance(data, dict):
        for key, value in data.items():
            found += paths(value, (*at, key))
    if isinstance(data, list):
        for index, value in enumerate(data):
            found += paths(value, (*at, index))
    return found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("apps",), 3),
        (("apps", "web"), 3),
        (("apps", "web", "app"), 4),
        (("apps", "web", "env", "B C", "D", 1), 6),
        (("apps", "web", "bind", 0), 8),
        (("apps", "web", "bind", 1), 9),
        (("apps", "web", "bind", 2, 1, "x"), 11),
        (("apps", "web", "a", "b", "c.d"), 13),
        (("apps", "web", "text"), 14),
        (("apps", "web", "when"), 17),
        (("apps", "web", "after"), 18),
        (("apps", "my app", "deep", "x"), 20),
        (("list", 0, "a"), 22),
        (("list", 1, "a"), 24),
        (("list", 1, "sub", "b"), 26),
        (("list", 1, "inner", 0, "c"), 28),
        (("list", 1, "inner", 0, "A"), 29),
    ],
)
def test_each_key_has_its_line(path: KeyPath, line: int) -> None:
    assert lines_of_keys(TEXT)[path] == line


def test_nothing_that_tomllib_reads_is_missing() -> None:
    assert set(lines_of_keys(TEXT)) == set(paths(tomllib.loads(TEXT)))


_KEYS = st.text("ab-_ .\"'\\#=[]é\n", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("ab\"'\\#=[]{},\n é", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def basic(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(value: object) -> str:
    """A value in TOML, lists over several lines."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str() if "\n" in value and '"' not in value and "\\" not in value and not value.startswith("\n"):
            return f'"""{value}"""'
        case str():
            return basic(value)
        case list():
            return "[\n" + "".join(f"{written(item)}, # ]\n" for item in value) + "]"
        case dict():
            return "{ " + ", ".join(f"{basic(key)} = {written(item)}" for key, item in value.items()) + " }"
        case _:
            raise AssertionError(value)


@given(st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=4))
def test_any_document_is_walked_to_its_end(data: dict[str, dict[str, object]]) -> None:
    tables = (
        f"[{basic(name)}]\n" + "".join(f"{basic(key)} = {written(value)}\n" for key, value in table.items())
        for name, table in data.items()
    )
    text = "".join(tables)

    lines = lines_of_keys(text)

    assert set(lines) == set(paths(tomllib.loads(text)))
    assert all(f"[{basic(name)}]" == text.split("\n")[lines[(name,)] - 1] for name in data)
