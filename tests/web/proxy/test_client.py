"""The client: what it says of itself."""

import pytest

from mainstay.web.proxy import Client


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_a_client_is_secure_when_its_own_connection_is_encrypted(scheme: str, secure: bool) -> None:
    assert Client("192.0.2.1", 80, scheme, "shop.example").secure is secure
