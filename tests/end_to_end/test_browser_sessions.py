"""A person with a browser: sessions of an app with two workers behind nginx with TLS, from the login to the logout."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.site import Site
from tests.servers.certificates import make_signed_certificate
from tests.servers.chromium import Browser, chromium
from tests.servers.nginx import nginx
from tests.servers.process import free_port
from tests.waiting import until

SHOP, OTHER = "shop.example", "other.example"
COOKIE = "__Host-sid"

APP = """
import os
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route
from mainstay.web.proxy import ProxyMiddleware
from mainstay.web.sessions import Sessions
from mainstay.web.sessions.stores.sqlite import SQLiteStore

RELEASE = "one"

async def who(request):
    told = {
        "user": request.session.get("user", "nobody"),
        "visits": request.session.get("visits", 0),
        "pid": os.getpid(),
        "release": RELEASE,
        "scheme": request.url.scheme,
        "cookies": ",".join(sorted(request.cookies)) or "none",
    }
    text = " ".join(f"{name}={value}" for name, value in told.items())
    forms = "".join(f"<form id={name} method=post action=/{name}></form>" for name in ("login", "logout"))
    return HTMLResponse(text + forms)

async def visit(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return await who(request)

async def login(request):
    request.session.login("ada")
    request.session["user"] = "ada"
    return RedirectResponse("/", 303)

async def logout(request):
    request.session.destroy()
    return RedirectResponse("/", 303)

pages = [Route("/", who, methods=["GET", "POST"]), Route("/visit", visit)]
pages += [Route("/login", login, methods=["POST"]), Route("/logout", logout, methods=["POST"])]
store = SQLiteStore(os.environ["SESSIONS"])
app = ProxyMiddleware(Sessions(Starlette(routes=pages), store=store, secret=os.environ["SECRET"]))
"""

NGINX = """
  server {{
    listen 127.0.0.1:{https} ssl;
    server_name {shop};
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{ {proxy} }}
  }}
  server {{
    listen 127.0.0.1:{http};
    location / {{ {proxy} }}
  }}
  server {{
    listen 127.0.0.1:{https} ssl;
    server_name {other};
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    default_type text/html;
    location / {{
      return 200 "<a href=https://{shop}:{https}/>a</a><form method=post action=https://{shop}:{https}/></form>";
    }}
  }}
"""
PROXY = """
      proxy_pass http://127.0.0.1:{app};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """The app as it is served, and the person before it."""

    site: Site
    browser: Browser
    https: str
    http: str
    other: str

    def at(self, url: str) -> dict[str, str]:
        """What the app tells somebody who goes to that address."""
        return told(self.browser.open(url))

    def log_in(self) -> None:
        """Open the shop and log in."""
        self.at(self.https)
        assert told(self.browser.submit("#login"))["user"] == "ada"

    def until_both_answer(self, path: str = "/") -> list[dict[str, str]]:
        """Have the page ask again and again until both workers have answered it; all the answers."""
        workers = {str(pid) for pid in self.site.pids("web")}
        answers: list[dict[str, str]] = []

        def asked() -> bool:
            answers.append(told(self.browser.fetch(path)))
            return {answer["pid"] for answer in answers} == workers

        until(asked, what=f"answers of {workers}")
        return answers


def told(page: str) -> dict[str, str]:
    """The `name=value` words of a page."""
    return dict(word.split("=", 1) for word in page.partition("<")[0].split())


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Iterator[Shop]:
    """The app with two workers, nginx in front of it, and a browser that trusts its certificate."""
    ports = {"app": free_port(), "https": free_port(), "http": free_port()}
    folders = {name: tmp_path / name for name in ("certificates", "nginx", "data")}
    for folder in folders.values():
        folder.mkdir()
    made = make_signed_certificate(folders["certificates"], SHOP, OTHER)
    site.write("main.py", APP)
    site.write(
        "mainstay.toml",
        f'[apps.web]\napp = "main:app"\nbind = "127.0.0.1:{ports["app"]}"\ninstances = 2\ntrusted_proxy = "loopback"\n'
        f'env = {{ SESSIONS = "{folders["data"] / "sessions.db"}", SECRET = "{"s" * 40}" }}\n',
    )
    site.ok("start")
    names = {"shop": SHOP, "other": OTHER, "certificate": made.certificate, "key": made.key}
    served = NGINX.format(**names, **ports, proxy=PROXY.format(**ports))
    with (
        nginx(folders["nginx"], served, ports["https"], ports["http"]),
        chromium(trusting=made.authority, hosts=(SHOP, OTHER)) as browser,
    ):
        https, other = (f"https://{host}:{ports['https']}/" for host in (SHOP, OTHER))
        yield Shop(site, browser, https, f"http://{SHOP}:{ports['http']}/", other)


def test_a_login_is_seen_by_both_workers_and_lasts_through_a_reload(shop: Shop) -> None:
    before = shop.at(shop.https)
    shop.log_in()
    first = shop.until_both_answer("/visit")
    shop.site.write("main.py", APP.replace('"one"', '"two"'))
    shop.site.ok("reload", "web")
    second = shop.until_both_answer("/visit")

    assert (before["user"], before["cookies"], before["scheme"]) == ("nobody", "none", "https")
    assert {answer["user"] for answer in first + second} == {"ada"}
    assert [int(answer["visits"]) for answer in first + second] == list(range(1, len(first + second) + 1))
    assert ({answer["release"] for answer in first}, {answer["release"] for answer in second}) == ({"one"}, {"two"})
    assert not {answer["pid"] for answer in first} & {answer["pid"] for answer in second}


def test_a_logout_clears_the_cookie_and_the_old_one_finds_nobody(shop: Shop) -> None:
    shop.log_in()
    old = shop.browser.cookies()
    after = told(shop.browser.submit("#logout"))
    left = shop.browser.cookies()
    shop.browser.set_cookies(old)
    replayed = shop.until_both_answer()

    assert [cookie["name"] for cookie in old] == [COOKIE]
    assert (after["user"], after["cookies"], left) == ("nobody", "none", [])
    assert {(answer["cookies"], answer["user"]) for answer in replayed} == {(COOKIE, "nobody")}


def test_a_login_replaces_the_cookie_of_before(shop: Shop) -> None:
    shop.at(shop.https + "visit")
    (before,) = shop.browser.cookies()
    assert told(shop.browser.submit("#login"))["visits"] == "1"
    (after,) = shop.browser.cookies()
    shop.browser.set_cookies([before])

    assert before["value"] != after["value"]
    assert shop.at(shop.https)["user"] == "nobody"


def test_scripts_do_not_see_the_cookie_and_it_never_goes_over_http(shop: Shop) -> None:
    shop.log_in()
    seen_by_scripts = shop.browser.evaluate("document.cookie")
    plain = shop.at(shop.http)
    again = shop.at(shop.https)

    (cookie,) = shop.browser.cookies()
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["domain"] == SHOP
    assert seen_by_scripts == ""
    assert (plain["scheme"], plain["cookies"], plain["user"]) == ("http", "none", "nobody")
    assert again["user"] == "ada"


def test_another_site_can_lead_to_the_app_but_not_post_as_its_user(shop: Shop) -> None:
    shop.log_in()
    # A cookie without SameSite goes with posts of other sites for two minutes; one that says Lax never does.
    shop.browser.open(shop.other)
    posted = told(shop.browser.submit())
    shop.browser.open(shop.other)
    followed = told(shop.browser.follow())

    assert (posted["cookies"], posted["user"]) == ("none", "nobody")
    assert followed["user"] == "ada"
