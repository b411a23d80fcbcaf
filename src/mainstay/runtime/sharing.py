"""The last thing the template does before it is forked: arrange its memory so that workers go on sharing it.

A worker shares a page with the template until one of the two writes into it, and CPython writes where one would not
expect it: a reference count when an object is only looked at, a version number when a class or a module is first used.
That cannot be helped for what a worker uses. What can be helped is done here: nothing of the app's is called, and where
a step does not fit the Python that runs it, only the saving is lost.
"""

import gc
import sys
from contextlib import suppress
from itertools import pairwise, repeat
from types import FunctionType, ModuleType

from mainstay.sys import heap, mappings

_POOL = 16 * 1024
_SIZES = range(512, 0, -16)
_MOST_BATCHES = 256  # of one size: 4 MiB

_fillers: list[list[object]] = []


def prepare_to_share() -> None:
    """Do it; to be called last, as each later import and allocation makes it worth less."""
    mappings.let_go_of_libraries()
    _number_classes()
    _number_modules()
    gc.collect()
    _forget_lookups()
    _fillers.extend(_fill_pools())
    heap.fill_holes()
    gc.freeze()  # what is here now is never looked at again by a collection


def _number_classes() -> None:
    """Give each class the version number that its first look-up writes into it."""
    known, kinds = {id(object)}, [object]  # by id, as a metaclass may say how its classes are hashed
    while kinds:
        kind = kinds.pop()
        with suppress(AttributeError):
            type.__getattribute__(kind, "no such attribute")  # a name that no descriptor has: nothing runs
        for subclass in type.__subclasses__(kind):
            if id(subclass) not in known:
                known.add(id(subclass))
                kinds.append(subclass)


def _number_modules() -> None:
    """Give each module's dictionary the version number that the first function to read a global of it writes there.

    CPython does so when it specialises the reading, after eight calls of a function.
    """
    code = (lambda: __name__).__code__
    for module in list(sys.modules.values()):
        if type(module) is ModuleType and "__name__" in vars(module):  # not those that load themselves when looked at
            read = FunctionType(code.replace(), vars(module))
            for _ in range(10):
                read()


def _forget_lookups() -> None:
    """Empty the cache of attribute look-ups, which counts as a user of each name in it.

    Each name that a worker's look-ups push out would be written to, to end that use: a thousand pages with one such.
    """
    forget = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)
    if forget is not None:
        forget()


def _fill_pools() -> list[list[object]]:
    """Objects that fill the holes in the pools from which CPython takes small objects; to be kept for good.

    Allocated by the poolful, until one lies in a row in a pool that was not in use before. Without pools (PYTHONMALLOC)
    that never happens: then there is nothing to keep.
    """
    fillers: list[list[object]] = []
    for size in _SIZES:
        for _ in range(_MOST_BATCHES):
            batch = _batch(size)
            if _is_fresh(batch, size):
                break
            fillers.append(batch)
        else:
            return []
    return fillers


def _batch(size: int) -> list[object]:
    """As many objects of `size` bytes as one pool holds, without any that a free list would give us."""
    count = (_POOL - 48) // size
    match size:
        case 16:
            return [object() for _ in range(count)]
        case 32:
            return list(map(complex, repeat(1.5, count)))
        case _:
            return list(map(bytes, repeat(size - 33, count)))


def _is_fresh(batch: list[object], size: int) -> bool:
    """Whether the objects follow each other in memory; but for a few, as the list itself grew in between.

    Without a list of the addresses, which are objects, too, and would take the next holes.
    """
    return sum(after - before != size for before, after in pairwise(map(id, batch))) <= 8
