"""Which request this is."""

import logging
import os
import re
import time
import uuid
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.identity import WithRequestId, is_acceptable, new_id, request_id, trace_id, trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEX = "0123456789abcdef"


def test_an_id_is_a_uuid_of_version_7_and_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    known = uuid.UUID(made)
    assert str(known) == made
    assert (known.version, known.variant) == (7, uuid.RFC_4122)
    assert before <= known.int >> 80 <= after


def test_ids_are_never_the_same_and_sort_by_time() -> None:
    made = [new_id() for _ in range(2000)]

    assert len(set(made)) == 2000
    times = [identity[:13] for identity in made]
    assert times == sorted(times)


def test_a_child_that_was_forked_makes_others() -> None:
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, "".join(new_id() for _ in range(300)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with open(reading) as answer:
        made = answer.read()

    theirs = {made[at + 14 : at + 36] for at in range(0, len(made), 36)}
    assert len(theirs) == 300
    assert theirs.isdisjoint({new_id()[14:] for _ in range(300)})


def test_threads_are_never_given_the_same() -> None:
    made: list[str] = []
    threads = [Thread(target=lambda: made.extend(new_id() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({identity[14:] for identity in made}) == 8000


def test_our_own_ids_are_acceptable() -> None:
    assert is_acceptable(new_id())


@given(st.text())
def test_only_letters_digits_and_three_marks_are_acceptable(text: str) -> None:
    plain = all(character.isascii() and (character.isalnum() or character in "._-") for character in text)

    assert is_acceptable(text) is (plain and 1 <= len(text) <= 128)


@pytest.mark.parametrize(("offered", "fine"), [("a" * 128, True), ("a" * 129, False), ("", False), ("a\n", False)])
def test_an_id_is_short_and_ends_where_it_ends(offered: str, fine: bool) -> None:
    assert is_acceptable(offered) is fine


@given(
    st.text(HEX, min_size=32, max_size=32), st.text(HEX, min_size=16, max_size=16), st.text(HEX, min_size=2, max_size=2)
)
def test_the_trace_of_a_header_is_read(trace: str, span: str, flags: str) -> None:
    valid = trace.strip("0") and span.strip("0")

    assert trace_of(f"00-{trace}-{span}-{flags}") == (trace if valid else "")


@given(st.text(HEX + "-ABC \n", max_size=60))
def test_whatever_is_sent_is_a_trace_or_none(text: str) -> None:
    assert re.fullmatch("([0-9a-f]{32})?", trace_of(text))


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f" 00-{TRACE}-{SPAN}-01\t", TRACE),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", TRACE),
        (f"cc-{TRACE}-{SPAN}-01", TRACE),
        (f"cc-{TRACE}-{SPAN}-01x", ""),
        (f"00-{TRACE}-{SPAN}-01-more", ""),
        (f"ff-{TRACE}-{SPAN}-01", ""),
        (f"00-{TRACE.upper()}-{SPAN}-01", ""),
        (f"00-{TRACE}-{SPAN}", ""),
        (f"00-{TRACE}-{SPAN}-01\n", ""),
        (f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01", ""),
        ("", ""),
    ],
)
def test_a_trace_is_read_as_the_standard_says(header: str, trace: str) -> None:
    assert trace_of(header) == trace


def test_records_of_logging_have_the_ids() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "", (), None)
    of_request, of_trace = request_id.set("an-id"), trace_id.set(TRACE)
    try:
        assert WithRequestId().filter(record)
    finally:
        request_id.reset(of_request)
        trace_id.reset(of_trace)

    assert (vars(record)["request_id"], vars(record)["trace_id"]) == ("an-id", TRACE)


def test_records_outside_of_a_request_have_dashes() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "", (), None)

    assert WithRequestId().filter(record)
    assert (vars(record)["request_id"], vars(record)["trace_id"]) == ("-", "-")
