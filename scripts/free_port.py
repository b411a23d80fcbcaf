"""Print the port for the demo: KEPT where the demo's shop still answers there, else the first free one from FIRST on.

python scripts/free_port.py KEPT FIRST
"""

import json
import socket
import sys
import urllib.request


def is_the_shop(port: int) -> bool:
    """Whether a worker of an app called "shop" answers on `port`."""
    if port == 0:
        return False
    # No proxy, whatever the environment says: this machine is asked.
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    try:
        with ask(f"http://127.0.0.1:{port}/whoami", timeout=2) as response:
            return bool(json.load(response)["app"] == "shop")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_free(port: int) -> bool:
    """Whether nobody listens on `port` of 127.0.0.1; connections that linger from before do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def main() -> None:
    """The command."""
    kept, first = int(sys.argv[1]), int(sys.argv[2])
    if is_the_shop(kept):
        print(kept)
        return
    for port in range(first, first + 1000):
        if is_free(port):
            print(port)
            return
    sys.exit(f"cannot find a free port from {first} on")


if __name__ == "__main__":
    main()
