"""A real Chromium without a window, driven over its own protocol (Chrome DevTools Protocol) on a WebSocket.

It trusts the authority it is told to trust, as a user's would (an entry in its NSS database), finds the host names it
is told on this machine, and no other host at all.
"""

import json
import os
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.waiting import until

_PATIENCE = 30.0
_QUIET = (
    "--headless=new",
    "--no-sandbox",  # it refuses to be sandboxed as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--password-store=basic",
    # http:// must stay http://, since a test asks what is sent there.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter",
    "--remote-debugging-port=0",
)

# Any: commands, answers and events are JSON of Chromium's; each caller looks at the keys it means.
Json = dict[str, Any]


class Browser:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._events: deque[Json] = deque()
        self._number = 0
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.setLifecycleEventsEnabled", enabled=True)

    def open(self, url: str) -> str:
        """Go to a page, as by typing its address; its text once it is loaded."""
        self._events.clear()
        answer = self._ask("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer}"
        return self._loaded(answer["loaderId"])

    def submit(self, form: str = "form") -> str:
        """Submit a form of the page (a CSS selector), with whatever it leads to; the text of the page it ends at."""
        self._events.clear()
        self.evaluate(f"document.querySelector({json.dumps(form)}).requestSubmit()")
        return self._loaded()

    def follow(self, link: str = "a") -> str:
        """Click a link of the page (a CSS selector); the text of the page it leads to."""
        self._events.clear()
        self.evaluate(f"document.querySelector({json.dumps(link)}).click()")
        return self._loaded()

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is waited for."""
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def fetch(self, path: str) -> str:
        """What a script of the page gets from its own server."""
        return str(self.evaluate(f"fetch({json.dumps(path)}).then(answer => answer.text())"))

    def cookies(self) -> list[Json]:
        """Every cookie there is, also those that scripts do not see."""
        found: list[Json] = self._ask("Storage.getCookies")["cookies"]
        return found

    def set_cookies(self, cookies: Sequence[Json]) -> None:
        """Put cookies back as `cookies()` has given them."""
        known = ("name", "value", "domain", "path", "secure", "httpOnly", "sameSite")
        self._ask("Storage.setCookies", cookies=[{key: one[key] for key in known if key in one} for one in cookies])

    def _loaded(self, loader: str = "") -> str:
        """Wait until the page with that loader (without: the next one) is loaded."""
        end = time.monotonic() + _PATIENCE
        while True:
            event = self._events.popleft() if self._events else self._receive(end)
            params = event.get("params", {})
            is_load = event.get("method") == "Page.lifecycleEvent" and params["name"] == "load"
            if is_load and loader in ("", params["loaderId"]):
                return str(self.evaluate("document.body.innerText"))

    def _ask(self, method: str, **params: Any) -> Json:
        self._number += 1
        message: Json = {"id": self._number, "method": method, "params": params}
        # Cookies belong to the browser, and not to a tab.
        if self._session and not method.startswith("Storage."):
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        end = time.monotonic() + _PATIENCE
        while True:
            answer = self._receive(end)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: Json = answer["result"]
                return result
            self._events.append(answer)

    def _receive(self, end: float) -> Json:
        received: Json = json.loads(self._connection.recv(timeout=max(end - time.monotonic(), 0.1)))
        return received


@contextmanager
def chromium(*, trusting: Path, hosts: Sequence[str]) -> Iterator[Browser]:
    """A browser with nothing in it, for whom `hosts` are this machine."""
    # Not in pytest's folder: sockets are made below it, and a socket's path has 107 bytes at most. What its last
    # processes still write while they end is of no use to anybody.
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        _trust(home, trusting)
        with _started(home, hosts) as address, connect(address, max_size=None, compression=None) as connection:
            yield Browser(connection)


@contextmanager
def _started(home: Path, hosts: Sequence[str]) -> Iterator[str]:
    """The process, until the block ends; yields where its protocol is spoken."""
    profile, log = home / "profile", home / "log"
    rules = [*(f"MAP {host} 127.0.0.1" for host in hosts), "EXCLUDE 127.0.0.1", "MAP * ~NOTFOUND"]
    argv = ["chromium", *_QUIET, f"--user-data-dir={profile}", f"--host-resolver-rules={', '.join(rules)}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(home)}
    with log.open("wb") as out:
        process = subprocess.Popen(argv, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def address() -> str:
        assert process.poll() is None, log.read_text(errors="replace")
        return _debugger(profile)

    try:
        yield until(address, 60, "Chromium")
    finally:
        process.terminate()
        process.wait(30)


def _debugger(profile: Path) -> str:
    """Where it listens, once Chromium has written it down: the port, then the path, each on a line."""
    try:
        port, _, path = (profile / "DevToolsActivePort").read_text().strip().partition("\n")
    except FileNotFoundError:
        return ""
    return f"ws://127.0.0.1:{port}{path}" if path else ""


def _trust(home: Path, authority: Path) -> None:
    """What a user does in the settings: enter an authority for web servers."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (("-N", "--empty-password"), ("-A", "-n", "test", "-t", "C,,", "-i", str(authority))):
        argv = ["certutil", "-d", f"sql:{database}", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
