"""Behind a real nginx, on our own runtime: what the app sees is what the client did, whatever the client pretends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon
from tests.servers.certificates import make_certificate
from tests.servers.nginx import nginx
from tests.servers.process import free_port

CLIENT = "127.0.0.5"  # a client of its own on this machine: 127.0.0.1 is the proxy
X_FORWARDED = """
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
"""
FORWARDED = """
    proxy_set_header Forwarded $chain;
"""
HTTP = """
    map $http_forwarded $chain {{
        "" 'for="$remote_addr:$remote_port";proto=$scheme;host="$http_host"';
        default '$http_forwarded, for="$remote_addr:$remote_port";proto=$scheme;host="$http_host"';
    }}
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_set_header Host backend;
            {headers}
        }}
    }}
"""
FORGED = {
    "X-Forwarded-For": "127.0.0.1, 10.0.0.1",
    "X-Forwarded-Proto": "gopher, https",
    "X_Forwarded_For": "127.0.0.1",
    "Forwarded": 'for="127.0.0.1:1";proto=https;host=evil.example, for="',
    "X-Real-IP": "127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx."""

    http: int
    https: int

    def seen(self, scheme: str, headers: dict[str, str] | None = None) -> str:
        """What the app says that it saw of a request of `CLIENT`."""
        port = self.http if scheme == "http" else self.https
        transport = httpx.HTTPTransport(verify=False, local_address=CLIENT)
        with httpx.Client(transport=transport) as client:
            return client.get(f"{scheme}://127.0.0.1:{port}/", headers={"host": "shop.example", **(headers or {})}).text


@contextmanager
def running(folder: Path, upstream: int, headers: str) -> Iterator[Proxy]:
    made, proxy = make_certificate(folder), Proxy(free_port(), free_port())
    files = {"certificate": made.certificate, "key": made.key}
    http = HTTP.format(http=proxy.http, https=proxy.https, upstream=upstream, headers=headers, **files)
    with nginx(folder, http, proxy.http, proxy.https):
        yield proxy


@pytest.mark.parametrize("source", [apps.CLIENT_ASGI, apps.CLIENT_WSGI], ids=["asgi", "wsgi"])
@pytest.mark.parametrize(
    ("headers", "trusted"), [(X_FORWARDED, "127.0.0.1"), (FORWARDED, "127.0.0.1, forwarded")], ids=["x", "rfc7239"]
)
@pytest.mark.parametrize("engine", ["uvicorn", "granian"])
def test_the_app_sees_the_client_and_no_forger_changes_that(
    engine: str, headers: str, trusted: str, source: str, tmp_path: Path
) -> None:
    with FakeDaemon(tmp_path, engine=engine) as daemon:
        daemon.env["MAINSTAY_TRUSTED_PROXY"] = trusted
        daemon.write("main.py", source)
        listener = daemon.listener()
        daemon.worker("main:app", listener)
        with running(tmp_path, listener.getsockname()[1], headers) as proxy:
            plain, secure = proxy.seen("http"), proxy.seen("https")
            forged = proxy.seen("http", FORGED)

    assert plain == forged == "127.0.0.5 http shop.example"
    assert secure == "127.0.0.5 https shop.example"
