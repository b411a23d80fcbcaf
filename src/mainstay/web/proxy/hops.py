"""What proxies say of a request, hop by hop, the nearest first: the X-Forwarded family, or Forwarded (RFC 7239).

Each proxy adds its word at the end, so everything is read from the right: what stands left of a word, be it an open
quote, was there before and cannot change how that word is read. Reading ends as soon as nobody asks for more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST = 64
"""Hops that are looked at: there are no longer ways, and what a client makes up costs no more than that."""
_ELEMENT = re.compile(r'(?:[^",]++|"(?:[^"]++|"\\)*+")*+')
"""An element of Forwarded, read backwards: no comma but in quotes, where a quote after a backslash is no end."""
_PAIR = re.compile(
    r"""[ \t;]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)=(?:([^\s",;\\]++)|"((?:[^"\\]++|\\.)*+)")[ \t]*+(?:;[ \t;]*+|$)"""
)
"""A parameter and what separates it from the next. Colons and brackets need quotes (RFC 7239), and often have none."""
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Hop:
    """What one proxy says of who asked it; empty: nothing."""

    node: str = ""
    proto: str = ""
    host: str = ""
    port: str = ""


def x_forwarded(said: Sequence[str]) -> Iterator[Hop]:
    """The hops of the values of X-Forwarded-For, -Proto, -Host and -Port.

    A proxy that adds to a list adds to it where the one before did: the n-th values from the right belong together.
    Where a list is shorter, its leftmost value holds for the hops beyond: many proxies pass on what there is.
    """
    nodes, protos, hosts, ports = (_items(value) for value in said)
    for index in range(max(1, len(nodes))):
        node = nodes[index] if nodes else ""
        yield Hop(node, _nth(protos, index), _nth(hosts, index), _nth(ports, index))


def forwarded(said: Sequence[str]) -> Iterator[Hop]:
    """The hops of the value of Forwarded. An element that is not of its grammar says nothing."""
    backwards, at, seen = said[0][::-1], 0, 0
    while at <= len(backwards) and seen < MOST:
        end = _ELEMENT.match(backwards, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        is_whole = end == len(backwards) or backwards[end] == ","
        element = backwards[at:end][::-1].strip(" \t")
        at, seen = end + 1, seen + 1
        if not is_whole:  # a quote that nobody opened: what there is cannot be told apart
            yield Hop()
            return
        if element:
            yield _hop(element)


def _items(value: str) -> list[str]:
    """The values of a list, the last one first."""
    items = [item.strip(" \t") for item in value.rsplit(",", MOST)[-MOST:]]
    return [item for item in reversed(items) if item]


def _nth(items: list[str], index: int) -> str:
    return items[min(index, len(items) - 1)] if items else ""


def _hop(element: str) -> Hop:
    pairs: dict[str, str] = {}
    at = 0
    while at < len(element):
        found = _PAIR.match(element, at)
        if found is None or found[1].lower() in pairs:
            return Hop()
        plain, quoted = found[2], found[3]
        pairs[found[1].lower()] = plain if plain is not None else _ESCAPED.sub(r"\1", quoted)
        at = found.end()
    return Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", ""))
