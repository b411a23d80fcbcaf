"""Which requests get no line."""

import re
from collections.abc import Iterable

import pytest

from mainstay.web.accesslog.choosing import Quiet, has_failed, sampled
from mainstay.web.accesslog.exchange import Exchange, Outcome


def exchange(path: str = "/healthz", method: str = "GET", status: int = 200, seconds: float = 0.5) -> Exchange:
    return Exchange(path=path, method=method, status=status, started=1.0, ended=1.0 + seconds, outcome=Outcome.COMPLETE)


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/healthz/db"])
def test_a_path_is_quiet_with_all_below_it(path: str) -> None:
    assert Quiet(path="/healthz")(exchange(path))
    assert Quiet(path="/healthz/")(exchange(path)) == (path != "/healthz")


@pytest.mark.parametrize("path", ["/healthzs", "/", "/a/healthz", ""])
def test_a_path_that_only_looks_alike_is_logged(path: str) -> None:
    assert not Quiet(path="/healthz")(exchange(path))


def test_everything_is_below_the_root() -> None:
    assert Quiet(path="/")(exchange("/any/path"))


def test_a_pattern_is_searched_for_in_the_path() -> None:
    images = Quiet(path=re.compile(r"\.(png|svg)$"))

    assert images(exchange("/a/b.png"))
    assert not images(exchange("/a.png/b"))


@pytest.mark.parametrize(
    ("wanted", "status", "quiet"),
    [
        (200, 200, True),
        (200, 201, False),
        (2, 204, True),
        (2, 302, False),
        ((2, 304), 304, True),
        ((2, 304), 303, False),
    ],
)
def test_a_status_is_one_or_a_class_of_them(wanted: int | Iterable[int], status: int, quiet: bool) -> None:
    assert Quiet(status=wanted)(exchange(status=status)) is quiet


@pytest.mark.parametrize(("wanted", "quiet"), [("GET", True), ("GE", False), (["HEAD", "GET"], True), ("POST", False)])
def test_a_method_is_one_of_several(wanted: str | Iterable[str], quiet: bool) -> None:
    assert Quiet(method=wanted)(exchange()) is quiet


def test_what_takes_longer_is_logged() -> None:
    fast = Quiet(faster_than=0.5)

    assert fast(exchange(seconds=0.25))
    assert not fast(exchange(seconds=0.5))


def test_everything_that_is_given_must_fit() -> None:
    rule = Quiet(path="/healthz", method="GET", status=2, faster_than=1)

    assert rule(exchange())
    assert not rule(exchange(method="POST"))
    assert not rule(exchange(status=301))
    assert not rule(exchange(path="/"))
    assert not rule(exchange(seconds=2))


def failures() -> list[Exchange]:
    broken, left = exchange(), exchange()
    broken.error = RuntimeError()
    left.outcome = Outcome.CUT
    return [exchange(status=500), exchange(status=503), broken, left]


@pytest.mark.parametrize("number", range(4))
def test_a_failure_is_logged_unless_it_is_to_be_quiet_too(number: int) -> None:
    failure = failures()[number]

    assert has_failed(failure)
    assert not Quiet(path="/healthz")(failure)
    assert Quiet(path="/healthz", failures=True)(failure)
    assert not sampled(0)(failure)


def test_a_refusal_is_no_failure() -> None:
    assert not has_failed(exchange(status=499))


def test_a_sample_is_as_large_as_it_is_said() -> None:
    chances = iter([0.0, 0.24, 0.25, 0.99])
    quiet = sampled(0.25, lambda: next(chances))

    assert [quiet(exchange()) for _ in range(4)] == [False, False, True, True]


def test_all_and_nothing_are_samples() -> None:
    assert not any(sampled(1)(exchange()) for _ in range(100))
    assert all(sampled(0)(exchange()) for _ in range(100))


@pytest.mark.parametrize("rate", [-0.1, 1.1, 25])
def test_a_rate_is_from_nothing_to_all(rate: float) -> None:
    with pytest.raises(ValueError, match=f"a rate is from 0 to 1, not {rate}"):
        sampled(rate)
