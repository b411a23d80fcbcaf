"""JSON text without importing `json`: its decoder needs `re`, which costs 6 ms, as much as all else in `mainstay list`.

CPython's `_json` is what `json` itself runs on; where it is missing, `json` does the work. The only module that knows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import _json
except ImportError:  # another Python than CPython: the plainer way below
    _json = None  # type: ignore[assignment]

_BLANK = " \t\n\r"


def loads(text: str) -> object:
    """The value that a JSON text stands for. Raises ValueError; NaN and Infinity, which are not JSON, are refused."""
    text = text.strip(_BLANK)
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (StopIteration, SystemError):
        pass  # SystemError: the C scanner cannot find the exception to raise, as it is in `json`
    return _explained(text)


def dumps(value: object) -> str:
    """One line of pure ASCII, lone surrogates (undecodable bytes of the operating system) included.

    Raises TypeError for what JSON has no word for and ValueError for NaN, Infinity and circles.
    """
    return "".join(_encode()(value, 0))


def _explained(text: str) -> object:
    """Read what is most likely no JSON again with `json`, whose errors tell where and why."""
    from json import loads as explain

    value: object = explain(text, parse_constant=_refuse_constant)
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _refuse_type(value: object) -> object:
    raise TypeError(f"no JSON for {type(value).__name__}")


class _Context:
    """What `_json.make_scanner` asks about, under the names it asks for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse_constant)


def _scanner() -> Callable[[str, int], tuple[object, int]]:
    if _json is not None:
        made: Callable[[str, int], tuple[object, int]] = _json.make_scanner(_Context)  # type: ignore[arg-type]
        return made
    from json import JSONDecoder

    return JSONDecoder(parse_constant=_refuse_constant).raw_decode


def _encode() -> Callable[[object, int], tuple[str, ...]]:
    """A new one for each value, as the dict in it holds the containers being written, to notice circles."""
    if _json is not None:
        made: Callable[[object, int], tuple[str, ...]] = _json.make_encoder(
            {}, _refuse_type, _json.encode_basestring_ascii, None, ":", ",", False, False, False
        )
        return made
    from json import JSONEncoder

    encoder = JSONEncoder(separators=(",", ":"), allow_nan=False)
    return lambda value, _level: (encoder.encode(value),)


_scan = _scanner()
