"""Whom an app trusts to be its proxy, as files and command lines say it."""

from pathlib import Path

import pytest

from mainstay.config import proxies
from mainstay.config.problems import Refused
from mainstay.web.proxy import TrustedProxies
from mainstay.web.proxy.trusted import MOST_HOPS

from .files import mistakes


@pytest.mark.parametrize(
    ("value", "trusted"),
    [
        ("loopback", TrustedProxies("loopback")),
        (["loopback", "10.0.0.0/8", "unix"], TrustedProxies("loopback", "10.0.0.0/8", "unix")),
        (2, TrustedProxies(hops=2)),
        ({"networks": "private"}, TrustedProxies("private")),
        (
            {"networks": ["private"], "hops": 1, "header": "forwarded"},
            TrustedProxies("private", hops=1, header="forwarded"),
        ),
        ({"hops": 1, "header": "x-forwarded", "host": True}, TrustedProxies(hops=1)),
        ({"networks": "private", "host": False}, TrustedProxies("private", host=False)),
    ],
)
def test_what_is_written_is_what_the_middleware_reads(value: object, trusted: TrustedProxies) -> None:
    assert TrustedProxies.from_environment({"MAINSTAY_TRUSTED_PROXY": proxies.trusted_proxy(value)}) == trusted


def test_an_empty_list_trusts_nobody() -> None:
    assert proxies.trusted_proxy([]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "must be networks, a number of proxies or a table, not true or false"),
        (1.5, "must be networks, a number of proxies or a table, not a number"),
        (0, "must be from 1 to 32, not 0"),
        (33, "must be from 1 to 32, not 33"),
        ("", "must not be empty"),
        ("*", "* would let every client say who it is"),
        ("10.0.0.1/8", "10.0.0.1/8 is an address in a network"),
        ("loopback, private", "'loopback, private' is no network"),
        ([1], "must be a text, not a number"),
        ({}, "does not say whom to trust"),
        ({"header": "forwarded"}, "does not say whom to trust"),
        ({"hops": 1, "host": "no"}, "must be true or false, not a text"),
        ({"hops": 1, "header": "x-real-ip"}, 'must be "x-forwarded" or "forwarded", not \'x-real-ip\''),
    ],
)
def test_what_cannot_be_meant_is_refused(value: object, text: str) -> None:
    with pytest.raises(Refused) as refused:
        proxies.trusted_proxy(value)

    assert refused.value.text == text


def test_a_number_in_quotes_is_told_to_be_written_without() -> None:
    with pytest.raises(Refused) as refused:
        proxies.trusted_proxy("1")

    assert refused.value.hint == "write it without quotes: 1"


def test_mistakes_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    declared = """\
[apps.a]
command = "sleep 1"
trusted_proxy = [
    "loopback",
    "nginx",
    "10.1.0.0/8",
]
[apps.b]
command = "sleep 1"
trusted_proxy = { network = "private", hops = 99 }
"""

    assert [(line, key) for line, key, _ in _placed(mistakes(tmp_path, declared))] == [
        (5, "apps.a.trusted_proxy[1]"),
        (6, "apps.a.trusted_proxy[2]"),
        (10, "apps.b.trusted_proxy.hops"),
        (10, "apps.b.trusted_proxy.network"),
    ]


def _placed(found: list[str]) -> list[tuple[int, str, str]]:
    parts = (line.split(":", 3) for line in found)
    return [(int(line), key.strip(), text) for _, line, key, text in parts]


@pytest.mark.parametrize(
    ("words", "trusted"),
    [("loopback,10.0.0.0/8", TrustedProxies("loopback", "10.0.0.0/8")), ("1", TrustedProxies(hops=1))],
)
def test_a_command_line_says_it_in_words(words: str, trusted: TrustedProxies) -> None:
    assert TrustedProxies.parse(proxies.from_words(words)) == trusted


def test_a_command_line_that_trusts_everybody_is_refused() -> None:
    with pytest.raises(Refused, match="would let every client say who it is"):
        proxies.from_words("0.0.0.0/0")


def test_files_and_the_middleware_allow_the_same_number_of_hops() -> None:
    assert proxies.MOST_HOPS == MOST_HOPS
