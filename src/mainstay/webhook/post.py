"""Run as a script: POST a JSON text to an address, both read from descriptor 0. Imports nothing of ours.

On descriptor 0: the address, a newline, the text. Exit code 0 when it was taken. Else 1 and one line on stderr, which
never holds more of the address than its scheme and host: the rest is a secret, so it is in no argument either.
"""

import base64
import http.client
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

TIMEOUT = 10.0
"""Seconds for one try, as long as nothing comes."""
TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; before the third, twice as many."""
WORTH_ANOTHER_TRY = (408, 425, 429)
"""Refusals that may not be meant for ever, besides all of 500 and above."""


class Refused(Exception):
    """It was not taken; `again`: another try may help."""

    def __init__(self, why: str, again: bool) -> None:
        super().__init__(why)
        self.again = again


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that has moved is told, not followed: the event was meant for one host."""

    def redirect_request(self, *_: object) -> None:
        return None


def shown(url: str) -> str:
    """Scheme and host."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def request_of(url: str, body: bytes) -> urllib.request.Request:
    """The request, with the login of the address where it belongs. Raises ValueError."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an address of http or https")
    login, at, host = parts.netloc.rpartition("@")
    headers = {"Content-Type": "application/json", "User-Agent": "mainstay"}
    if at:
        name_and_password = urllib.parse.unquote(login).encode()
        headers["Authorization"] = "Basic " + base64.b64encode(name_and_password).decode()
    bare = urllib.parse.urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    return urllib.request.Request(bare, body, headers, method="POST")


def post(request: urllib.request.Request) -> None:
    """One try. Raises Refused."""
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        again = error.code >= 500 or error.code in WORTH_ANOTHER_TRY
        raise Refused(f"it answered {error.code}", again) from None
    except urllib.error.URLError as error:
        raise Refused(_cause(error.reason), True) from None
    except (OSError, http.client.HTTPException) as error:
        raise Refused(_cause(error), True) from None


def call(url: str, body: bytes, sleep: Callable[[float], None] = time.sleep) -> str:
    """Try until it is taken; empty, or why it was not."""
    try:
        request = request_of(url, body)
    except (ValueError, UnicodeError):
        return "cannot call the webhook: its address is not one of http or https"
    for tries in range(1, TRIES + 1):
        try:
            post(request)
            return ""
        except Refused as error:
            if tries == TRIES or not error.again:
                times = "" if tries == 1 else f" ({tries} tries)"
                return f"cannot call {shown(url)}: {error}{times}"
            sleep(PAUSE * tries)
        except ValueError:  # control characters in the path; its message has the path
            break
    return f"cannot call {shown(url)}: its address has characters that no address has"


def _cause(error: object) -> str:
    """Why nothing came of it; of an error that is not the system's, only its kind, for its text may hold the path."""
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def main() -> int:
    """The script."""
    url, _, body = sys.stdin.buffer.read().partition(b"\n")
    failure = call(url.decode(errors="replace"), body)
    if failure:
        print(failure, file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
