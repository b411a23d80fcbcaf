"""Reading single values as people write them: durations, sizes, addresses, names. Each raises Refused.

A reader takes what the file's format gave (`object`) and returns the value in the model's units: seconds, bytes.
"""

import math
import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from mainstay.config.problems import Refused, refuse_all
from mainstay.model.exits import signal_name, signal_number
from mainstay.settings import quantities

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SLOT = re.compile(r".*-[0-9]+")
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*(\(\))?")
_VARIABLE = re.compile(r"[^=\0\s]+")
_LONGEST_NAME = 100


def kind_of(value: object) -> str:
    """What a person calls the type of a value in a config file."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"a {type(value).__name__}"


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str):
        raise Refused(f"must be a text, not {kind_of(value)}")
    if not value.strip():
        raise Refused("must not be empty")
    if "\0" in value:
        raise Refused("has a NUL character")
    return value


def path(value: object) -> str:
    """A path, which may begin at home."""
    return os.path.expanduser(text(value))


def texts(value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    return items(value, text)


def items(value: object, read: Callable[[object], T]) -> tuple[T, ...]:
    """One value, or a list of them."""
    if not isinstance(value, list):
        return (read(value),)
    found: list[T] = []
    errors: list[Refused] = []
    for index, item in enumerate(value):
        try:
            found.append(read(item))
        except Refused as error:
            errors.append(error.under(index))
    refuse_all(errors)
    return tuple(found)


def flag(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise Refused(f"must be true or false, not {kind_of(value)}")
    return value


def whole(minimum: int, maximum: int) -> Callable[[object], int]:
    """A reader of whole numbers within these limits."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(f"must be a whole number, not {_told(value)}")
        if not minimum <= value <= maximum:
            raise Refused(f"must be from {minimum} to {maximum}, not {value}")
        return value

    return read


def choice(options: Mapping[str, T]) -> Callable[[object], T]:
    """A reader of one of a few words."""

    def read(value: object) -> T:
        if isinstance(value, str) and value in options:
            return options[value]
        raise Refused(f"must be {one_of(options)}, not {_told(value)}")

    return read


def or_never(read: Callable[[object], T], never: T) -> Callable[[object], T]:
    """A reader of what `read` reads, or the word `never`."""

    def reader(value: object) -> T:
        return never if value == "never" else read(value)

    return reader


def duration(value: object) -> float:
    """Seconds: `"10s"`, `"100ms"`, `"1h30m"`, `"1.5s"`; a number is seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        seconds = _seconds(value)
    else:
        raise Refused(f'must be a time like "10s", not {kind_of(value)}')
    if not math.isfinite(seconds) or seconds < 0:
        raise Refused(f"must be a time from 0 up, not {_told(value)}")
    return seconds


def positive_duration(value: object) -> float:
    """As `duration`, but not zero."""
    seconds = duration(value)
    if not seconds:
        raise Refused("must be more than 0")
    return seconds


def _seconds(value: str) -> float:
    try:
        return quantities.seconds_of(value)
    except ValueError:
        raise Refused(f"not a time: {value!r:.60}", hint=f"write it like {quantities.TIME_LIKE}") from None


def size(value: object) -> int:
    """Bytes: `"20MiB"`, `"512KiB"`; K, M and G alone mean the same as KiB, MiB and GiB, KB, MB and GB are thousands.

    A number is bytes.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise Refused(f"must be a size from 0 up, not {value}")
        return value
    if not isinstance(value, str):
        raise Refused(f'must be a size like "20MiB", not {kind_of(value)}')
    try:
        return quantities.bytes_of(value)
    except ValueError:
        raise Refused(f"not a size: {value!r:.60}", hint=f"write it like {quantities.SIZE_LIKE}") from None


def instances(value: object) -> int:
    """How many slots: `"max"` and 0 mean one per core, a negative number that many fewer."""
    if value == "max":
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f'must be a whole number or "max", not {_told(value)}')
    if not -1024 <= value <= 1024:
        raise Refused(f"must be from -1024 to 1024, not {value}")
    return value


def name(value: object) -> str:
    """The name of an app or a namespace.

    Refused is what a selector would take for something else: `all`, a number, and `web-0`, which is a slot of `web`.
    """
    written = text(value)
    if not _NAME.fullmatch(written):
        raise Refused(
            f"{written!r:.60} cannot be a name", hint="letters, digits, `.`, `_` and `-`, and no `-` or `.` first"
        )
    if len(written) > _LONGEST_NAME:
        raise Refused(f"a name may have {_LONGEST_NAME} characters, not {len(written)}")
    if written == "all":
        raise Refused("`all` cannot be a name", hint="it selects every app")
    if written.isdecimal():
        raise Refused(f"{written} cannot be a name", hint="numbers select apps by their place in the list")
    if _SLOT.fullmatch(written):
        head, _, number = written.rpartition("-")
        raise Refused(
            f"{written} cannot be a name: it is how slot {number} of an app {head} is called",
            hint=f"write {head}{number} or {head}_{number}",
        )
    return written


def environment(value: object) -> str:
    """The name of an environment: as that of an app, but it selects nothing, so that `eu-1` is one."""
    written = text(value)
    if not _NAME.fullmatch(written):
        raise Refused(f"{written!r:.60} cannot be the name of an environment", hint="for example staging")
    return written


def derived_name(written: str) -> str:
    """A valid name that is as near as can be to `written`, for what people did not name themselves."""
    allowed = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in written)
    allowed = allowed.lstrip(".-")[:_LONGEST_NAME] or "app"
    if _SLOT.fullmatch(allowed):
        allowed = "_".join(allowed.rsplit("-", 1))
    return f"app_{allowed}"[:_LONGEST_NAME] if allowed == "all" or allowed.isdecimal() else allowed


def target(value: object) -> str:
    """A Python web app: `module:attribute` or `module:factory()`."""
    written = text(value).strip()
    if is_target(written):
        return written
    module, colon, attribute = written.partition(":")
    if module.endswith(".py"):
        module = module.removesuffix(".py").removeprefix("./").replace("/", ".")
        raise Refused(f"{written!r:.60} names a file, not a module", hint=f"write {module}:{attribute or 'app'}")
    hint = f"write {written}:app" if not colon and is_target(f"{written}:app") else "write it like shop.main:app"
    raise Refused(f"not of the form module:attribute: {written!r:.60}", hint=hint)


def is_target(written: str) -> bool:
    """Whether this has the form `module:attribute` or `module:factory()`."""
    return _TARGET.fullmatch(written) is not None and not written.partition(":")[0].endswith(".py")


def stop_signal(value: object) -> str:
    """The full name of a signal: `SIGTERM` for `SIGTERM`, `TERM` or 15."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    number = signal_number(written) if written.isascii() else None
    if number is None:
        raise Refused(f"no such signal: {written!r:.60}", hint="for example SIGTERM, SIGINT or SIGQUIT")
    return signal_name(number)


def variable(value: object) -> str:
    """The name of an environment variable."""
    written = text(value)
    if not _VARIABLE.fullmatch(written):
        raise Refused(f"{written!r:.60} cannot be the name of a variable")
    return written


def variables(value: object) -> dict[str, str]:
    """A table of environment variables; numbers, true and false become text."""
    found: dict[str, str] = {}
    errors: list[Refused] = []
    for key, item in table(value, '{ LOG_LEVEL = "info" }').items():
        try:
            found[variable(key)] = _variable_text(item)
        except Refused as error:
            errors.append(error.under(key))
    refuse_all(errors)
    return found


def _variable_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise Refused(f"must be a text, not {kind_of(value)}")
    if "\0" in value:
        raise Refused("has a NUL character")
    return value


def table(value: object, example: str) -> dict[str, object]:
    """A table, such as `example`."""
    if not isinstance(value, dict):
        raise Refused(f"must be a table like {example}, not {kind_of(value)}")
    return value


def one_of(options: Mapping[str, object]) -> str:
    """`"a", "b" or "c"`."""
    quoted = [f'"{option}"' for option in options]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _told(value: object) -> str:
    return f"{value!r:.60}" if isinstance(value, str | int | float) and not isinstance(value, bool) else kind_of(value)
