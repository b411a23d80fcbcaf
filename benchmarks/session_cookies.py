"""Sessions of the measured apps, seen as a browser sees them: a cookie, and a counter that the app answers with."""

import urllib.request
from urllib.error import URLError

from benchmarks.contender import CannotServe


def log_in(port: int, path: str) -> str:
    """Begin a session at `/login` beside `path`; its cookie as the header's value. Raises CannotServe."""
    body, cookies = _get(port, path.rpartition("/")[0] + "/login", "")
    if body != "1" or len(cookies) != 1:
        raise CannotServe(f"a login was answered with {body!r} and {len(cookies)} cookies")
    return cookies[0].partition(";")[0]


def count_of(port: int, path: str, cookie: str) -> int:
    """The counter in a session, read at `/read` beside `path`. Raises CannotServe."""
    body, _ = _get(port, path.rpartition("/")[0] + "/read", cookie)
    return int(body)


def _get(port: int, path: str, cookie: str) -> tuple[str, list[str]]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode(), answer.headers.get_all("Set-Cookie") or []
    except URLError as error:
        raise CannotServe(f"GET {path}: {error}") from error
