"""A text that shows itself only when it is asked to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

MASK = "***"


class Secret:
    """A password, key or token. It prints, formats and repr's as `***`; `reveal()` gives the text.

    It is not a `str`, so a type checker finds the places where the text itself is needed, and joining it to a text is
    a TypeError and not a wrong password. `json.dumps` refuses it (with `default=str` it writes `***`), and so does
    pickle: what is stored or sent has to be revealed on purpose.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a Secret is made of a str, not of {type(text).__name__}")
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        """True for a Secret of the same text, in a time that tells nothing of where the two differ."""
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # here, because importing it costs what most programs do not use

        return compare_digest(_octets(self._text), _octets(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("a Secret cannot be changed")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError("a Secret cannot be changed")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a Secret is not pickled: send the text of .reveal() where it may go, or read it again there")


def _octets(text: str) -> bytes:
    """Any text, also one that came from an environment variable that is not UTF-8."""
    return text.encode("utf-8", "surrogatepass")
