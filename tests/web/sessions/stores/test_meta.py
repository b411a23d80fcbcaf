"""Memcached's meta protocol, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.stores import meta
from mainstay.web.sessions.stores.meta import MetaParser, Refusal, Reply
from mainstay.web.sessions.stores.wire import NOTHING, Garbled

_cas = st.integers(1, 2**64 - 1)
_answers = st.one_of(
    st.tuples(st.binary(max_size=60), _cas).map(
        lambda one: (b"VA %d c%d\r\n%b\r\n" % (len(one[0]), one[1], one[0]), Reply("VA", one[1], one[0]))
    ),
    _cas.map(lambda cas: (b"HD c%d\r\n" % cas, Reply("HD", cas))),
    st.sampled_from(["HD", "EN", "NF", "MN"]).map(lambda status: (f"{status}\r\n".encode(), Reply(status))),
    st.sampled_from(["NS", "EX"]).map(lambda status: (f"{status} c0\r\n".encode(), Reply(status))),
    st.sampled_from(["ERROR", "SERVER_ERROR out of memory"]).map(lambda text: (f"{text}\r\n".encode(), Refusal(text))),
)


@given(st.lists(_answers, max_size=6), st.integers(1, 40))
def test_replies_are_read_however_the_bytes_arrive(answers: list[tuple[bytes, Reply | Refusal]], size: int) -> None:
    data = b"".join(wire for wire, _ in answers)
    parser, read = MetaParser(), []

    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])
        while (reply := parser.gets()) is not NOTHING:
            read.append(reply)

    assert read == [reply for _, reply in answers]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser_but_as_garbled(data: bytes) -> None:
    parser = MetaParser()
    parser.feed(data)
    try:
        while (reply := parser.gets()) is not NOTHING:
            assert isinstance(reply, Reply | Refusal)
    except Garbled as error:
        assert "Memcached" in str(error)  # noqa: PT017  # either way is right; this is how one of them looks


@pytest.mark.parametrize(
    "data", [b"VA x\r\n", b"VA -1\r\n", b"VA 2 c1\r\nabcd", b"HD cx\r\n", b"HDx\r\n", b"+PONG\r\n", b"x" * 9000]
)
def test_another_protocol_is_garbled(data: bytes) -> None:
    parser = MetaParser()
    parser.feed(data)

    with pytest.raises(Garbled):
        parser.gets()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, 2), (0.2, 2), (1.0, 2), (1.5, 3), (3600, 3601), (2_591_999, 2_592_000), (2_592_000, 3_592_001)],
)
def test_a_time_to_live_is_never_too_short_and_a_date_where_it_is_long(seconds: float, expected: int) -> None:
    assert meta.lifetime(seconds, lambda: 1_000_000.0) == expected
