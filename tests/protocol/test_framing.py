from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.protocol.framing import LIMIT, ProtocolError, Reader, encode

MESSAGES = st.lists(st.dictionaries(st.text(), st.text() | st.integers()))


@given(MESSAGES, st.lists(st.integers(0, 200)))
def test_messages_come_out_whole_however_the_bytes_are_cut(messages: list[dict[str, object]], cuts: list[int]) -> None:
    data = b"".join(encode(message) for message in messages)
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    reader = Reader()

    read = [message for start, end in pairwise(edges) for message in reader.feed(data[start:end])]

    assert read == messages
    assert reader.pending == 0


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"{\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"[1]\n", "not an object"),
        (b'{"a":"\xff"}\n', "not UTF-8 at byte 6"),
        (b'{"a":"\x00"}\n', "a NUL byte"),
        (b'{"a":NaN}\n', "NaN is not JSON"),
    ],
)
def test_what_is_no_message_is_refused_with_its_cause(data: bytes, cause: str) -> None:
    with pytest.raises(ProtocolError, match=cause):
        Reader().feed(data)


def test_a_line_that_is_too_long_is_refused_before_it_ends() -> None:
    reader = Reader(limit=10)
    reader.feed(b"x" * 10)

    with pytest.raises(ProtocolError, match="more than 10 bytes"):
        reader.feed(b"x")


def test_a_line_of_just_the_limit_is_read() -> None:
    line = encode({"a": "b"})

    assert Reader(limit=len(line) - 1).feed(line) == [{"a": "b"}]


def test_a_long_line_that_arrives_with_its_end_is_refused() -> None:
    with pytest.raises(ProtocolError, match="more than 5 bytes"):
        Reader(limit=5).feed(b'{"a":"b"}\n')


def test_after_an_error_nothing_more_is_read() -> None:
    reader = Reader()
    with pytest.raises(ProtocolError):
        reader.feed(b"?\n")

    with pytest.raises(ProtocolError, match="not JSON"):
        reader.feed(encode({"a": 1}))
    assert reader.pending == 0


def test_a_message_over_the_limit_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="cannot send a message of"):
        encode({"text": "x" * LIMIT})
