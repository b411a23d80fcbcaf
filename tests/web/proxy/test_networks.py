"""Networks as people write them."""

import pytest

from mainstay.web.proxy.networks import PRESETS, TrustedProxiesError, read_networks


@pytest.mark.parametrize(
    ("word", "networks"),
    [
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("192.0.2.7", ["192.0.2.7/32"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("::ffff:10.0.0.0/104", ["10.0.0.0/8"]),
        ("loopback", ["127.0.0.0/8", "::1/128"]),
        ("linklocal", ["169.254.0.0/16", "fe80::/10"]),
        ("unix", []),
    ],
)
def test_a_word_names_networks(word: str, networks: list[str]) -> None:
    assert [str(network) for network in read_networks(word)] == networks


def test_private_and_uniquelocal_are_two_words_for_one_thing() -> None:
    assert PRESETS["private"] == PRESETS["uniquelocal"]


@pytest.mark.parametrize("word", ["*", "0.0.0.0/0", "::/0"])
def test_to_trust_everybody_is_refused(word: str) -> None:
    with pytest.raises(TrustedProxiesError, match="would let every client say who it is: name the networks"):
        read_networks(word)


def test_an_address_in_a_network_is_refused_with_the_network() -> None:
    with pytest.raises(TrustedProxiesError, match=r"10\.0\.0\.1/8 is an address in a network: write 10\.0\.0\.0/8"):
        read_networks("10.0.0.1/8")


@pytest.mark.parametrize("word", ["", "nginx", "10.0.0.0/33", "10.0.0", "1", "loopback6", "/8"])
def test_what_is_no_network_is_refused(word: str) -> None:
    with pytest.raises(TrustedProxiesError, match=r"is no network: write an address, 10\.0\.0\.0/8, or one of"):
        read_networks(word)


def test_an_address_with_a_zone_is_refused() -> None:
    with pytest.raises(TrustedProxiesError, match="has a zone: write fe80::1, whatever the interface"):
        read_networks("fe80::1%eth0")
