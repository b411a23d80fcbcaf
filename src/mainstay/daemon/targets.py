"""Where a worker can be asked how it is: at a port of its own, or where the whole app listens."""

import errno
import os
import socket

from mainstay.daemon import environment
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Command, environment_of

UNIX = "unix:"
ANY_HOST = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class Unreachable(Exception):
    """There is nowhere to ask, or nobody answers there: why, in one line."""


def targets(spec: AppSpec, worker: WorkerId, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses of a worker: that of the port that is its own, else those of its app, as they were bound."""
    if isinstance(spec.program, Command) and spec.program.increment:
        port = environment.of_worker(spec, worker).get(spec.program.increment, "")
        if port:
            return (f"127.0.0.1:{port}",)
    if spec.binds:
        return addresses or tuple(str(bind) for bind in spec.binds)
    port = environment_of(spec).get("PORT", ("", ""))[0]
    return (f"127.0.0.1:{port}",) if port.isdecimal() else ()


def host_of(addresses: tuple[str, ...]) -> str:
    """What a request names as its host."""
    return "localhost" if not addresses or addresses[0].startswith(UNIX) else _reachable(addresses[0])


def connect(addresses: tuple[str, ...]) -> socket.socket:
    """A connection to the first address, maybe still on its way. Raises Unreachable, OSError."""
    if not addresses:
        raise Unreachable("it has no address where it could be asked")
    address = addresses[0]
    if address.startswith(UNIX):
        return _connect(socket.AF_UNIX, address.removeprefix(UNIX), address)
    host, _, port = _reachable(address).rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return _connect(family, (_number(family, host.strip("[]"), address), int(port)), address)


def _reachable(address: str) -> str:
    """The address with a host that can be called."""
    host, _, port = address.rpartition(":")
    named = ANY_HOST.get(host.strip("[]"), host.strip("[]"))
    return f"[{named}]:{port}" if ":" in named else f"{named}:{port}"


def _number(family: int, host: str, address: str) -> str:
    """Looking up a name would wait: only the one that every machine knows is understood. Raises Unreachable."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        socket.inet_pton(family, host)
    except OSError as error:
        raise Unreachable(f"{address}: names are not looked up, write the number of the host") from error
    return host


def _connect(family: int, where: str | tuple[str, int], address: str) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    number = sock.connect_ex(where)
    if number in (0, errno.EINPROGRESS):
        return sock
    sock.close()
    raise Unreachable(f"{address}: {os.strerror(number).lower()}")
