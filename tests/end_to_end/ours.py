"""The processes of mainstay itself in one home, found and killed by pid."""

import os
import signal
from pathlib import Path

from tests.end_to_end.site import Site, is_alive
from tests.waiting import until


class Ours:
    """Daemon, guardian and templates of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def daemon(self) -> int:
        """The pid of the daemon that serves this home, waited for."""
        return until(lambda: self._first("mainstay", b"daemon/__main__.py"), what="a daemon")

    def guardian(self) -> int:
        """The pid of the guardian, waited for."""
        return until(lambda: self._first("sh", b"guardian.sh"), what="a guardian")

    def template(self, app: str) -> int:
        """The pid of an app's template, waited for."""
        return until(lambda: self.template_now(app), what=f"a template of {app}")

    def workers(self, app: str) -> list[int]:
        """The pids of an app's workers that live, whoever knows of them."""
        named = f"{app}-".encode()
        found = [pid for pid in _pids() if _read(f"/proc/{pid}/comm").startswith(named)]
        return [pid for pid in found if _cwd(pid) == str(self._site.folder) and is_alive(pid)]

    def kill(self, *pids: int) -> None:
        """SIGKILL to each, and wait until they are gone."""
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(is_alive(pid) for pid in pids), what=f"the end of {pids}")

    def kill_all(self) -> None:
        """SIGKILL to everything of ours at one time: what is stopped first can bring nothing back."""
        pids = [self.guardian(), self.daemon(), *filter(None, [self.template_now("web")])]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.kill(*pids)

    def _first(self, name: str, word: bytes) -> int:
        home = f"MAINSTAY_HOME={self._site.home}".encode()
        for pid in _pids():
            is_one = _read(f"/proc/{pid}/comm").strip() == name.encode() and word in _read(f"/proc/{pid}/cmdline")
            if is_one and home in _read(f"/proc/{pid}/environ").split(b"\0"):
                return pid
        return 0

    def template_now(self, app: str) -> int:
        """The pid of an app's template, 0 when there is none."""
        for pid in _pids():
            if _read(f"/proc/{pid}/comm").strip() == f"{app}*".encode() and _cwd(pid) == str(self._site.folder):
                return pid
        return 0


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _cwd(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""
