"""Redis' wire format: our parser beside hiredis', and what is no reply."""

from itertools import pairwise

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.stores import resp
from mainstay.web.sessions.stores.resp import HiredisParser, PythonParser, ReplyError, encode, new_parser
from mainstay.web.sessions.stores.wire import NOTHING, Garbled, Parser

Shown = object

_words = st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=10).map(str.encode)
_scalars = st.one_of(
    st.binary(max_size=40).map(lambda value: b"$%d\r\n%b\r\n" % (len(value), value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: b":%d\r\n" % number),
    _words.map(lambda word: b"+%b\r\n" % word),
    _words.map(lambda word: b"-ERR %b\r\n" % word),
    st.sampled_from([b"$-1\r\n", b"*-1\r\n", b"_\r\n", b"#t\r\n", b"#f\r\n", b",1.5\r\n", b"=7\r\ntxt:abc\r\n"]),
)


def _whole(children: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    items = st.lists(children, max_size=4)
    pairs = st.lists(
        st.tuples(_words.map(lambda word: b"+%b\r\n" % word), children), max_size=3, unique_by=lambda pair: pair[0]
    )
    return st.one_of(
        items.map(lambda parts: b"*%d\r\n%b" % (len(parts), b"".join(parts))),
        pairs.map(lambda parts: b"%%%d\r\n%b" % (len(parts), b"".join(one + two for one, two in parts))),
    )


_replies = st.recursive(_scalars, _whole, max_leaves=8)


def shown(reply: object) -> Shown:
    """A reply that can be compared: errors by their text."""
    match reply:
        case ReplyError():
            return ("error", str(reply))
        case list():
            return [shown(one) for one in reply]
        case dict():
            return {key: shown(value) for key, value in reply.items()}
        case _:
            return reply


def read(parser: Parser[object], data: bytes, cuts: list[int]) -> list[Shown]:
    """All replies in the bytes, which arrive in pieces."""
    replies: list[Shown] = []
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        parser.feed(data[start:end])
        while (reply := parser.gets()) is not NOTHING:
            replies.append(shown(reply))
    return replies


@given(st.lists(_replies, min_size=1, max_size=5), st.lists(st.integers(0, 500), max_size=6))
def test_both_parsers_read_the_same_however_the_bytes_arrive(replies: list[bytes], cuts: list[int]) -> None:
    data = b"".join(replies)

    ours, theirs = read(PythonParser(), data, cuts), read(HiredisParser(), data, [])

    assert ours == theirs
    assert len(ours) == len(replies)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_a_command_is_encoded_as_redis_wants_it(arguments: list[bytes]) -> None:
    assert encode(tuple(arguments)) == hiredis.pack_command(tuple(arguments))  # type: ignore[arg-type]  # typed for one


@given(st.binary(max_size=200))
def test_no_bytes_break_a_parser_but_as_garbled(data: bytes) -> None:
    parser = PythonParser()
    parser.feed(data)
    try:
        while parser.gets() is not NOTHING:
            pass
    except Garbled:
        return
    parser.feed(b"")


@pytest.mark.parametrize("parser", [PythonParser, HiredisParser])
@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$3\r\nabcde\r\n"[:5] + b"x" * 10])
def test_another_protocol_is_garbled(parser: type[PythonParser] | type[HiredisParser], data: bytes) -> None:
    one = parser()
    one.feed(data)

    with pytest.raises(Garbled):
        _drain(one)


def _drain(parser: Parser[object]) -> None:
    while parser.gets() is not NOTHING:
        pass
    parser.feed(b"\r\n")
    while parser.gets() is not NOTHING:
        pass


@pytest.mark.parametrize("parser", [PythonParser, HiredisParser])
def test_what_is_said_unasked_is_passed_over(parser: type[PythonParser] | type[HiredisParser]) -> None:
    one = parser()
    one.feed(b">2\r\n+invalidate\r\n*0\r\n:7\r\n")

    assert one.gets() == 7
    assert one.gets() is NOTHING


def test_a_reply_that_nests_without_end_is_garbled() -> None:
    parser = PythonParser()
    parser.feed(b"*1\r\n" * 1000)

    with pytest.raises(Garbled, match="too deeply"):
        parser.gets()


def test_a_line_without_end_is_garbled() -> None:
    parser = PythonParser()
    parser.feed(b"+" + b"x" * 100_000)

    with pytest.raises(Garbled, match="has no end"):
        parser.gets()


def test_without_hiredis_our_own_parser_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(new_parser(), HiredisParser)
    monkeypatch.setattr(resp, "hiredis", None)
    assert isinstance(new_parser(), PythonParser)
