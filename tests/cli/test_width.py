import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.cli.width import cut, display_width, pad


@pytest.mark.parametrize(
    ("text", "columns"),
    [("web-0", 5), ("日本", 4), ("e\u0301", 1), ("é", 1), ("ﾊﾛｰ", 3), ("🚀", 2), ("a\u200db", 2), ("", 0)],
)
def test_a_text_takes_so_many_columns(text: str, columns: int) -> None:
    assert display_width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "short"),
    [
        ("web-0", 5, "web-0"),
        ("web-01", 5, "web-…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("web", 1, "…"),
        ("web", 0, ""),
    ],
)
def test_a_long_text_is_cut(text: str, columns: int, short: str) -> None:
    assert cut(text, columns) == short


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_never_takes_more_than_it_may(text: str, columns: int) -> None:
    assert display_width(cut(text, columns)) <= columns


def test_texts_are_padded_by_what_they_take() -> None:
    assert [pad("日本", 6), pad("日本", 6, right=True)] == ["日本  ", "  日本"]
