"""Whether apps come back after a reboot."""

from __future__ import annotations

import glob
import os

from mainstay.cli.findings import ok, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding

_WANTED = "*.wants/mainstay*.service"


def boot(root: str = "/") -> Finding:
    """Whether a unit of systemd starts mainstay; `root` is where the file system begins."""
    if not os.path.isdir(os.path.join(root, "run/systemd/system")):
        return ok("boot", "no systemd here: whatever starts this machine, or container, has to start mainstay")
    home = os.path.expanduser("~").lstrip("/")
    places = ("etc/systemd/system", "etc/systemd/user", f"{home}/.config/systemd/user")
    found = sorted(unit for place in places for unit in glob.glob(os.path.join(root, place, _WANTED)))
    if found:
        return ok("boot", f"{os.path.basename(found[0])} is enabled")
    text = "no unit mainstay*.service is enabled: apps do not come back by themselves after a reboot"
    return warn("boot", text, "a unit that runs `mainstay serve`: docs/foreground.md has one; systemctl enable it")
