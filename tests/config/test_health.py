import pytest

from mainstay.config.health import HERE, address, path
from mainstay.config.problems import Refused


@pytest.mark.parametrize("written", ["/healthz", "/", "/a/b?full=1", "/%20"])
def test_a_path_is_asked_for_as_it_is(written: str) -> None:
    assert path(written) == written


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("healthz", 'write "/healthz"'),
        ("http://localhost/healthz", 'write the path only: "/healthz"'),
        ("/a b", "write it percent-encoded: %20 is a space"),
        ("/ä", "write it percent-encoded: %20 is a space"),
        ("/a\r\nX: y", "write it percent-encoded: %20 is a space"),
    ],
)
def test_what_is_no_path_is_refused_with_what_to_write(written: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        path(written)

    assert caught.value.hint == hint


def test_an_address_is_here_or_elsewhere() -> None:
    assert address(True) == HERE
    assert address("127.0.0.1:5432") == "127.0.0.1:5432"
    assert address("localhost:5432") == "127.0.0.1:5432"
    assert address("[::1]:5432") == "[::1]:5432"


@pytest.mark.parametrize("written", [False, 5432.5, "unix:/run/db.sock", "db", []])
def test_what_is_no_address_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        address(written)
