"""docs/web-log.md says what there is, and its examples run."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from mainstay.web.accesslog.choosing import Quiet
from mainstay.web.accesslog.formats import SIZES, TEMPLATES
from mainstay.web.accesslog.json_lines import FIELDS
from mainstay.web.accesslog.logger import Options
from mainstay.web.accesslog.tokens import KNOWN

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "web-log.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^(\S.*?)\s+# -> (.*)$", re.MULTILINE)
SERVING = {"fastapi": "asgi", "litestar": "asgi", "quart": "asgi", "flask": "wsgi", "django": "wsgi"}
SERVE = r"""
import asyncio, os, sys, wsgiref.util

code, kind = sys.stdin.read(), sys.argv[1]
if "django" in code:
    from django.conf import settings
    settings.configure(ROOT_URLCONF=type(sys)("urls"), ALLOWED_HOSTS=["*"])
    settings.ROOT_URLCONF.urlpatterns = []
names = {"__name__": "example"}
exec(code, names)
app = names.get("application") or names["app"]


async def serve():
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/a",
        "raw_path": b"/a", "root_path": "", "query_string": b"b=c", "headers": [(b"host", b"a.example")],
        "client": ("192.0.2.1", 5), "server": ("127.0.0.1", 80), "state": {},
    }
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        return next(asked, None) or await asyncio.Event().wait()

    async def send(message):
        pass

    await app(scope, receive, send)


if kind == "asgi":
    asyncio.run(serve())
else:
    environ = {"PATH_INFO": "/a", "QUERY_STRING": "b=c"}
    wsgiref.util.setup_testing_defaults(environ)
    body = app(environ, lambda status, headers, *error: print)
    b"".join(body)
    body.close()
"""


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first row starts with the heading: their cells."""
    found = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found is not None
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" |")] for row in found[1].splitlines()]


def names(heading: str) -> list[str]:
    return [row[0] for row in table(heading)]


def test_the_page_names_every_option() -> None:
    assert names("option") == [*(field.name for field in fields(Options)), "proxies"]


def test_the_page_names_every_token_and_whether_it_takes_an_argument() -> None:
    documented = dict(re.findall(r"^:([a-z-]+)(\[\w+\])?$", "\n".join(names("token")), re.MULTILINE))

    assert sorted(documented) == sorted(KNOWN)
    for name, argument in documented.items():
        takes_one = KNOWN[name].make("x") is not KNOWN[name].make("x")
        assert takes_one is bool(argument), name
    assert len(documented) == len(names("token"))


def test_the_page_has_every_format_as_it_is() -> None:
    shown = {row[0]: row[1] for row in table("name")}

    assert shown.pop("json") == "see below"
    assert shown == {
        name: text.replace("{size}", SIZES[""]).replace("{colour}", "").replace("{plain}", "")
        for name, text in TEMPLATES.items()
    }


def test_the_page_names_every_field_of_json() -> None:
    assert names("field") == [*FIELDS, "headers", "response_headers"]


def test_the_page_names_all_that_a_rule_can_say() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.partition("A `Quiet` is")[2].partition("A failure")[0], re.MULTILINE) == [
        field.name for field in fields(Quiet)
    ]


@pytest.mark.parametrize("example", [text for text in EXAMPLES if "app" not in text or "async def app" in text])
def test_an_example_does_what_the_page_says(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {}
    exec(example, namespace)

    for code, value in SHOWN.findall(example):
        assert repr(eval(code, namespace)) == value
    printed = re.findall(r"print\(.*\)  # (.*)", example)
    assert capsys.readouterr().out.splitlines() == printed


@pytest.mark.parametrize("framework", SERVING)
def test_the_log_of_a_framework_has_a_line_for_a_request(framework: str, tmp_path: Path) -> None:
    examples = [text for text in EXAMPLES if f"from {framework}" in text]

    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", SERVE, SERVING[framework]],
            input=example,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert re.fullmatch(r"GET /a\?b=c 404 \d+\.\d{3} ms - \d+\n", done.stdout), done
    assert examples
    assert framework != "fastapi" or '"path":"/a"' in (tmp_path / "access.log").read_text()
