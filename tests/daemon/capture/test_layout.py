import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.daemon.capture.layout import LONGEST, Layout, rfc3339
from mainstay.model.spec import LogFormat

NOW = 1_790_000_000_123_456_789
CHUNKS = st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\x00", b"\n")))


def test_times_are_utc_with_milliseconds() -> None:
    assert rfc3339(NOW) == "2026-09-21T14:13:20.123Z"


@settings(deadline=None)
@given(CHUNKS)
def test_raw_output_is_left_alone(chunks: list[bytes]) -> None:
    layout = Layout("web", 0, "out")

    assert b"".join(layout.apply(LogFormat.RAW, chunk, NOW) for chunk in chunks) == b"".join(chunks)


@settings(deadline=None)
@given(CHUNKS)
def test_each_line_has_one_time_however_it_came(chunks: list[bytes]) -> None:
    layout = Layout("web", 0, "out")
    written = b"".join(layout.apply(LogFormat.TIME, chunk, NOW) for chunk in chunks)
    whole = b"".join(chunks)

    stamp = rfc3339(NOW).encode() + b" "
    lines = whole.split(b"\n")
    assert written == b"\n".join(stamp + line for line in lines[:-1]) + (b"\n" if len(lines) > 1 else b"") + (
        stamp + lines[-1] if lines[-1] else b""
    )


@settings(deadline=None)
@given(CHUNKS)
def test_each_line_is_one_json_object_however_it_came(chunks: list[bytes]) -> None:
    layout = Layout("web", 3, "err")
    written = b"".join(layout.apply(LogFormat.JSON, chunk, NOW) for chunk in chunks) + layout.rest(NOW)
    lines = b"".join(chunks).split(b"\n")

    found = [json.loads(line) for line in written.decode().split("\n")[:-1]]
    assert [entry["line"] for entry in found] == [
        line.decode(errors="backslashreplace") for line in (lines if lines[-1] else lines[:-1])
    ]
    assert all(entry | {"line": ""} == entry_of(3) for entry in found)


def entry_of(slot: int) -> dict[str, object]:
    return {"time": rfc3339(NOW), "app": "web", "slot": slot, "stream": "err", "line": ""}


def test_an_endless_line_does_not_pile_up() -> None:
    layout = Layout("web", 0, "out")
    sizes = [len(layout.apply(LogFormat.JSON, b"x" * 10_000, NOW)) for _ in range(100)]

    assert sum(sizes) > 1_000_000 - LONGEST - 10_000


def test_a_line_that_was_interrupted_goes_on_with_a_time_of_its_own() -> None:
    layout = Layout("web", 0, "out")
    layout.apply(LogFormat.TIME, b"begun", NOW)
    layout.interrupted()

    assert layout.apply(LogFormat.TIME, b"rest\n", NOW) == b"2026-09-21T14:13:20.123Z rest\n"


def test_a_change_of_format_loses_nothing() -> None:
    layout = Layout("web", 0, "out")
    layout.apply(LogFormat.JSON, b"begun ", NOW)

    assert layout.apply(LogFormat.RAW, b"ended\n", NOW) == b"begun ended\n"
