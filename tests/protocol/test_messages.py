import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.protocol.framing import ProtocolError, Reader
from mainstay.protocol.messages import Done, Failed, Greeting, Notice, Reply, Request, parse_answer

ANSWERS: st.SearchStrategy[Notice | Reply] = st.one_of(
    st.builds(Notice, st.integers(), st.text(), st.text()),
    st.builds(Done, st.integers(), st.none() | st.dictionaries(st.text(), st.integers())),
    st.builds(
        Failed,
        st.integers(),
        st.text(),
        st.text(),
        st.lists(st.text()).map(tuple),
        st.integers(),
        st.none() | st.text(),
    ),
)


@given(ANSWERS)
def test_an_answer_is_read_as_it_was_sent(answer: Notice | Reply) -> None:
    assert [parse_answer(message) for message in Reader().feed(answer.encode())] == [answer]


@given(st.builds(Request, st.integers(), st.text(), st.dictionaries(st.text(), st.text())))
def test_a_request_is_read_as_it_was_sent(request: Request) -> None:
    assert [Request.parse(message) for message in Reader().feed(request.encode())] == [request]


def test_a_greeting_is_read_as_it_was_sent() -> None:
    greeting = Greeting("0.1.0", 123, "/root/.mainstay")

    assert [Greeting.parse(message) for message in Reader().feed(greeting.encode())] == [greeting]


def test_a_request_may_leave_out_its_arguments() -> None:
    assert Request.parse({"v": 1, "id": 7, "verb": "list"}) == Request(7, "list", {})


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ({"v": 2, "id": 1, "verb": "list"}, "request of protocol 2"),
        ({"id": 1, "verb": "list"}, "v must be a whole number"),
        ({"v": 1, "id": True, "verb": "list"}, "id must be a whole number"),
        ({"v": 1, "id": 1, "verb": 5}, "verb must be a text"),
        ({"v": 1, "id": 1, "verb": "list", "args": []}, "args must be an object"),
        ({"v": 1, "id": 1, "verb": "list", "arg": {}}, "no key arg is known"),
    ],
)
def test_a_request_of_another_shape_is_refused(data: dict[str, object], cause: str) -> None:
    with pytest.raises(ProtocolError, match=cause):
        Request.parse(data)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ({"id": 1}, "one of notice, ok and error"),
        ({"id": 1, "ok": 1, "error": {}}, "one of notice, ok and error"),
        ({"ok": 1}, "id must be a whole number"),
        ({"id": 1, "notice": "x"}, "notice must be an object"),
        ({"id": 1, "error": {}}, "message must be a text"),
        ({"id": 1, "error": {"message": "x", "lines": [1]}}, "lines must be a list of texts"),
    ],
)
def test_an_answer_of_another_shape_is_refused(data: dict[str, object], cause: str) -> None:
    with pytest.raises(ProtocolError, match=cause):
        parse_answer(data)
