"""Listening sockets, one per slot on the same port (SO_REUSEPORT), and the program that says who gets a connection.

The kernel numbers the listeners of a port in the order in which they began to listen, that is, in the order of the
`bind_tcp` calls. **When one is closed, the last one takes its number** (net/core/sock_reuseport.c). A listener that is
open in several processes counts once, and keeps its number until the last of them closes it.

A connection is given to a listener when its first packet arrives, so after `steer` returns a listener with weight 0
may still see connections whose handshake was under way, but no newer ones.
"""

import errno
import functools
import os
import socket
import stat
import struct
import sys
from collections.abc import Mapping

_SO_ATTACH_REUSEPORT_CBPF = 51
_SO_DETACH_REUSEPORT_BPF = 68

# Classic BPF (Documentation/networking/filter.rst, linux/bpf_common.h): code, jump if true, jump if false, k.
_Instruction = tuple[int, int, int, int]
_LOAD_WORD, _RANDOM = 0x20, 0xFFFFF000 + 56  # BPF_LD|BPF_W|BPF_ABS at SKF_AD_OFF + SKF_AD_RANDOM
_ADD, _SUB, _DIV, _MOD = 0x04, 0x14, 0x34, 0x94  # BPF_ALU|...|BPF_K
_JUMP_IF_AT_LEAST = 0x35  # BPF_JMP|BPF_JGE|BPF_K
_RETURN_A = 0x16


def bind_tcp(host: str, port: int, *, backlog: int) -> socket.socket:
    """A listening, non-blocking, close-on-exec socket that shares its port with others of the same user.

    `host` is an address or a name ("" and "*" mean all of IPv4); port 0 takes a free one, see `getsockname`. An IPv6
    socket serves IPv6 only, so that "0.0.0.0" and "::" can be bound side by side. Raises OSError (EADDRINUSE when
    somebody listens there without sharing; socket.gaierror for an unknown name). A listener of the same user that
    shares its port too is not noticed: ask `is_free` first.
    """
    sock = _bound(host, port, share=True)
    try:
        sock.listen(backlog)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def is_free(host: str, port: int) -> bool:
    """Whether nobody at all listens there, sharing or not. Raises OSError when it can never be bound (EACCES ...)."""
    try:
        sock = _bound(host, port, share=False)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise
    with sock:
        try:
            sock.listen(1)
        except OSError:
            return False
    return True


def bind_unix(path: str, *, mode: int, backlog: int, replace: bool = False) -> socket.socket:
    """A listening, non-blocking socket at `path` with exactly the permissions `mode`.

    A socket file left behind is removed, but only after a connection to it was refused; with `replace` whatever is
    there is replaced, at one moment. Raises OSError: EADDRINUSE when somebody answers there, EEXIST when the file is no
    socket, ENAMETOOLONG over 107 bytes.
    """
    place = f"{path}.new" if replace else path
    if len(os.fsencode(place)) > 107:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
    _remove_stale(place)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        umask = os.umask(0o777 & ~mode)  # so that nobody gets in between bind and chmod
        try:
            sock.bind(place)
        finally:
            os.umask(umask)
        os.chmod(place, mode)
        sock.listen(backlog)
        sock.setblocking(False)
        if replace:
            os.rename(place, path)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, path) from error
    return sock


@functools.cache
def supports_steering() -> bool:
    """Whether this kernel takes a program that chooses the listener (Linux 4.5; tried out, once)."""
    if sys.platform != "linux":
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            steer(sock, {0: 1}, 1)
        except OSError:
            return False
    return True


def steer(sock: socket.socket, weights: Mapping[int, int], size: int) -> None:
    """From now on new connections go to listener i of the group with probability weights[i] / sum(weights).

    `sock` is any listener of the group, `size` the number of its listeners. Listeners that are not named, or named
    with 0, get none. Replaces an earlier program at once; no connection is lost. Raises OSError where the kernel
    refuses, ValueError for weights that make no sense.
    """
    import array  # here, as a daemon without listeners does not need it (40 kB)

    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(weights, size))
    text = array.array("B", code)
    address, length = text.buffer_info()
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, struct.pack("@HP", length // 8, address))


def detach(sock: socket.socket) -> None:
    """Back to the kernel's own choice, by hash, over all listeners. Nothing happens when nothing was attached."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_REUSEPORT_BPF, 0)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _common_divisor(one: int, two: int) -> int:
    """Euclid's: a module for it would cost the daemon 40 KB."""
    while two:
        one, two = two, one % two
    return one


def program(weights: Mapping[int, int], size: int) -> tuple[_Instruction, ...]:
    """The classic BPF program for `steer`: a random number below the sum of weights, then a ladder of thresholds.

    Neighbours of one weight share a rung, so equal weights need one division and no jump. A rung skips at most its
    own five instructions, far from the 255 that a jump can reach; 256 rungs are far from the limit of 4096.
    """
    shares = {index: weight for index, weight in sorted(weights.items()) if weight != 0}
    if not shares or min(shares.values()) < 0 or min(shares) < 0 or max(shares) >= size:
        raise ValueError(f"cannot steer between {size} listeners by {dict(weights)}")
    divisor = functools.reduce(_common_divisor, shares.values())
    total = sum(shares.values()) // divisor
    if total > 0xFFFFFFFF:
        raise ValueError("cannot steer: the weights add up to more than 32 bits")
    ladder: list[_Instruction] = [(_LOAD_WORD, 0, 0, _RANDOM), (_MOD, 0, 0, total)]
    below = 0
    for first, count, weight in _runs(shares):
        share = weight // divisor
        rung = _rung(first, share, below)
        below += count * share
        if below < total:
            ladder.append((_JUMP_IF_AT_LEAST, len(rung), 0, below))
        ladder.extend(rung)
    return tuple(ladder)


def _rung(first: int, share: int, below: int) -> list[_Instruction]:
    """A, from `below` on, becomes an index from `first` on, `share` numbers to each."""
    rung: list[_Instruction] = []
    if below:
        rung.append((_SUB, 0, 0, below))
    if share > 1:
        rung.append((_DIV, 0, 0, share))
    if first:
        rung.append((_ADD, 0, 0, first))
    rung.append((_RETURN_A, 0, 0, 0))
    return rung


def _runs(shares: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Neighbouring indexes of one weight as (first index, how many, weight)."""
    runs: list[tuple[int, int, int]] = []
    for index, weight in shares.items():
        if runs and runs[-1][0] + runs[-1][1] == index and runs[-1][2] == weight:
            first, count, _ = runs[-1]
            runs[-1] = (first, count + 1, weight)
        else:
            runs.append((index, 1, weight))
    return runs


def _bound(host: str, port: int, *, share: bool) -> socket.socket:
    family, address = _resolve(host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _resolve(host: str, port: int) -> tuple[int, tuple[str, int] | tuple[str, int, int, int]]:
    """Family and address to bind; IPv4 first, where a name ("localhost") has both."""
    found = socket.getaddrinfo(
        "0.0.0.0" if host in ("", "*") else host.removeprefix("[").removesuffix("]"),
        port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address  # type: ignore[return-value]  # only IPv4 and IPv6 have SOCK_STREAM here


def _remove_stale(path: str) -> None:
    try:
        kind = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise OSError(errno.EEXIST, "exists and is not a socket", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full backlog then says EAGAIN: alive
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except FileNotFoundError:
            return
        except OSError:
            pass
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path)
