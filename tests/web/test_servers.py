"""Under the servers that people use: the client, the raw path and the headers are the same."""

from pathlib import Path

import pytest

from tests.servers.process import free_port
from tests.web.servers import APP, SERVERS, asked, started

SENT = ("Host: backend:8000", "User-Agent: curl", "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.0.0.2")
MORE = ("X-Forwarded-Proto: https, http", "X-Forwarded-Host: shop.example")
PATH = "/a%0Ab/%22c%22%C3%BC"


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("where", ["tcp", "unix"])
def test_a_server_gives_what_is_needed(name: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(APP)
    address = free_port() if where == "tcp" else tmp_path / "web.sock"
    with started(getattr(SERVERS[name], where), tmp_path, address):
        found = asked(address, f"{PATH}?q=%0A&r", *SENT, *MORE)
        dull = asked(address, "/", "Host: shop.example")

    assert found == {
        "address": "192.0.2.1",
        "scheme": "https",
        "host": "shop.example",
        "path": PATH,
        "query": "q=%0A&r",
        "agent": "curl",
    }
    assert dull["address"] == ("127.0.0.1" if where == "tcp" else "")
    assert (dull["scheme"], dull["host"], dull["query"], dull["agent"]) == ("http", "shop.example", "", None)
