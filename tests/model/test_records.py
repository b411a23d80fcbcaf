"""The stand-in for `dataclasses` beside the real one: the same program, once with each, says the same."""

import dataclasses
import os
import subprocess
import sys

import mainstay
from mainstay.model import records

EVERY_CLASS = """
import importlib, pkgutil, sys, dataclasses

def modules():
    for name in ("client", "config", "core", "daemon", "model", "protocol", "sys"):
        package = importlib.import_module("mainstay." + name)
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith(("__main__", "compress_child")):
                yield importlib.import_module(found.name)

def outcome(function, *values, **named):
    try:
        return repr(function(*values, **named))
    except Exception as error:
        return type(error).__name__

def facts(cls):
    fields = dataclasses.fields(cls)
    names = [f.name for f in fields]
    a, b = [tuple(f"{name}{mark}" for name in names) for mark in "ab"]
    yield cls.__qualname__, cls.__module__, cls.__doc__, cls.__match_args__, cls.__slots__
    yield [(f.name, str(f.type), missing(f.default), missing(f.default_factory)) for f in fields]
    yield outcome(cls), outcome(cls, *a), outcome(cls, *a, 1), outcome(cls, *a, nobody=1)
    yield outcome(cls, **dict(zip(names, a))), outcome(cls, *a[:1], **dict(zip(names[1:], a[1:])))
    if names:
        yield outcome(cls, *a[:1]), outcome(cls, *a, **{names[0]: 1})
    one, same, other = cls(*a), cls(*a), cls(*b)
    yield one == same, one == other, one == a, one != other, outcome(hash, one) == outcome(hash, same)
    yield outcome(hash, one) == "TypeError", len({one, same, other}) if cls.__hash__ else 0
    yield [outcome(getattr(x, name), y) for name in ("__lt__", "__le__", "__gt__", "__ge__") for x in (one, other)
           for y in (one, other, 1)]
    yield str(type(one).__str__ is object.__str__), hasattr(one, "__dict__")
    for name in names[:1]:
        yield repr(dataclasses.replace(one, **{name: 1})), repr(one), outcome(dataclasses.replace, one, nobody=1)
        yield outcome(setattr, same, name, 1), outcome(delattr, same, name)
    yield repr(dataclasses.replace(one)), dataclasses.replace(one) is one

def missing(value):
    return "MISSING" if value is dataclasses.MISSING else repr(value)

count = 0
for module in list(modules()):
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__ and dataclasses.is_dataclass(cls):
            count += 1
            for fact in facts(cls):
                print(cls.__name__, fact)
print(count, "classes")
"""
FOREIGN = """
import dataclasses
from dataclasses import asdict, dataclass, field, fields, replace, FrozenInstanceError
@dataclass
class Other:
    a: int
    b: list = field(default_factory=list)
    c: int = field(default=3, repr=False)
    d: dataclasses.KW_ONLY = None
one = Other(1)
one.a = 2
print(one, replace(one, c=4).c, asdict(one), [f.name for f in fields(Other)], dataclasses.is_dataclass(Other))
"""
OURS = """
import dataclasses
try:
    @dataclasses.dataclass(frozen=True)
    class Fat:
        a: int
    print("made")
except TypeError as error:
    print(error)
try:
    dataclasses.fields(int)
except TypeError:
    print("no fields")
"""


def said(code: str, *, lean: bool, module: str = "__main__") -> str:
    """What the program prints, with the stand-in or with the real one."""
    start = "from mainstay.daemon import light; light.postpone()\n" if lean else ""
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{start}__name__ = {module!r}\n{code}"],
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(mainstay.__file__)), "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_every_class_of_ours_is_the_same_with_either() -> None:
    lean, real = said(EVERY_CLASS, lean=True), said(EVERY_CLASS, lean=False)

    assert lean.replace("mainstay.daemon.lean_socket.socket", "socket.socket") == real
    assert int(real.splitlines()[-1].split()[0]) > 80


def test_classes_of_others_are_made_by_the_real_one() -> None:
    assert said(FOREIGN, lean=True) == said(FOREIGN, lean=False) != ""


def test_what_it_cannot_do_for_a_class_of_ours_is_refused() -> None:
    refusal, fields = said(OURS, lean=True, module="mainstay.core.fat").splitlines()

    assert refusal == "cannot make Fat a record: only slots, frozen, order, no base with fields"
    assert fields == "no fields"


def test_it_stays_when_all_is_settled() -> None:
    code = "light.settle(); import dataclasses; print(dataclasses.__name__)"

    assert said(code, lean=True) == "mainstay.model.records\n"


def test_it_has_the_names_of_the_real_one() -> None:
    for name in ("MISSING", "Field", "FrozenInstanceError", "dataclass", "field", "fields", "is_dataclass", "replace"):
        assert hasattr(dataclasses, name)
        assert hasattr(records, name)
    assert records.asdict is dataclasses.asdict
