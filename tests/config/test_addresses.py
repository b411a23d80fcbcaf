import pytest

from mainstay.config import addresses
from mainstay.config.problems import Refused
from mainstay.model.spec import Bind, TcpBind, UnixBind


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("127.0.0.1:8000", TcpBind("127.0.0.1", 8000)),
        (":8000", TcpBind("0.0.0.0", 8000)),
        ("*:8000", TcpBind("0.0.0.0", 8000)),
        ("8000", TcpBind("127.0.0.1", 8000)),
        (8000, TcpBind("127.0.0.1", 8000)),
        ("[::1]:8000", TcpBind("::1", 8000)),
        ("[::]:80", TcpBind("::", 80)),
        ("[0:0::1]:80", TcpBind("::1", 80)),
        ("localhost:8000", TcpBind("127.0.0.1", 8000)),
        ("unix:/run/shop.sock", UnixBind("/run/shop.sock")),
        ("unix:shop.sock", UnixBind("shop.sock")),
    ],
)
def test_addresses_are_read(written: object, address: Bind) -> None:
    assert addresses.bind(written) == address


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("/run/shop.sock", "write unix:/run/shop.sock"),
        ("127.0.0.1", "write 127.0.0.1:8000"),
        ("::1:8000", "write IPv6 addresses in brackets: [::1]:8000"),
        ("[::1]", "write [::1]:8000"),
        ("example.com:80", "no name is looked up: write an IP address, or localhost"),
        ("127.0.0.1:http", "ports go from 1 to 65535"),
        ("127.0.0.1:70000", "ports go from 1 to 65535"),
        (0, "ports go from 1 to 65535"),
        ("unix:", ""),
        (True, ""),
    ],
)
def test_what_is_no_address_is_refused_with_the_right_one(written: object, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        addresses.bind(written)

    assert caught.value.hint == hint


def test_a_relative_unix_path_is_taken_from_the_folder() -> None:
    assert addresses.absolute(UnixBind("run/../shop.sock"), "/srv/shop") == UnixBind("/srv/shop/shop.sock")


def test_a_unix_path_that_the_kernel_would_refuse_is_refused() -> None:
    with pytest.raises(Refused, match="107 bytes"):
        addresses.absolute(UnixBind("x" * 108), "/srv")


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("127.0.0.1:80", "127.0.0.1:81", False),
        ("127.0.0.1:80", "127.0.0.2:80", False),
        (":80", "127.0.0.1:80", True),
        ("127.0.0.1:80", ":80", True),
        ("[::]:80", "[::1]:80", True),
        ("[::1]:80", "127.0.0.1:80", False),
        ("[::1]:80", ":80", False),
        ("unix:/a", "unix:/a", True),
        ("unix:/a", ":80", False),
    ],
)
def test_two_addresses_clash_when_one_covers_the_other(one: str, two: str, same: bool) -> None:
    first, second = addresses.bind(one), addresses.bind(two)

    assert (addresses.clash(first, [second]) == second) is same
