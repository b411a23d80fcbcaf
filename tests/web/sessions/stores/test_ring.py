"""Which server holds which key."""

from collections import Counter
from hashlib import sha256

import pytest

from mainstay.web.sessions.stores.ring import Ring

KEYS = [sha256(str(number).encode()).hexdigest() for number in range(3000)]


def ring_of(*names: str) -> Ring[str]:
    """A ring whose servers are their names."""
    return Ring([(name, name) for name in names])


def test_every_server_gets_its_share() -> None:
    shares = Counter(map(ring_of("a:1", "b:1", "c:1").server_of, KEYS))

    assert all(700 < share < 1400 for share in shares.values()), shares


def test_the_order_of_the_servers_does_not_matter() -> None:
    one, two = ring_of("a:1", "b:1", "c:1"), ring_of("c:1", "a:1", "b:1")

    assert all(one.server_of(key) == two.server_of(key) for key in KEYS)


def test_a_new_server_takes_only_its_share() -> None:
    before, after = ring_of("a:1", "b:1", "c:1"), ring_of("a:1", "b:1", "c:1", "d:1")

    moved = [key for key in KEYS if before.server_of(key) != after.server_of(key)]

    assert {after.server_of(key) for key in moved} == {"d:1"}
    assert 450 < len(moved) < 1100


def test_one_server_holds_all() -> None:
    assert {ring_of("a:1").server_of(key) for key in KEYS} == {"a:1"}


@pytest.mark.parametrize("names", [(), ("a:1", "a:1")])
def test_no_server_or_one_twice_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="one server or more, each once"):
        ring_of(*names)
