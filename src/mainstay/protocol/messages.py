"""What client and daemon say to each other, as types. `parse` is strict about shape and knows no verbs.

daemon  Greeting                        once, on connect
client  Request                         any number
daemon  Notice ... Notice, Reply        any number of notices and exactly one reply for each request
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mainstay.protocol.framing import PROTOCOL, ProtocolError, encode

__all__ = ["PROTOCOL", "Done", "Failed", "Greeting", "Notice", "Reply", "Request", "parse_answer"]


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who the daemon is: its version, the protocol it speaks, its pid and its MAINSTAY_HOME."""

    version: str
    pid: int
    home: str
    protocol: int = PROTOCOL

    def encode(self) -> bytes:
        """The line to send."""
        return encode({"mainstay": self.version, "protocol": self.protocol, "pid": self.pid, "home": self.home})

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> "Greeting":
        """From a received object. Raises ProtocolError."""
        return cls(_text(data, "mainstay"), _number(data, "pid"), _text(data, "home"), _number(data, "protocol"))


@dataclass(frozen=True, slots=True)
class Request:
    """A client asks: `id` comes back in every answer; what `args` must hold depends on the verb."""

    id: int
    verb: str
    args: Mapping[str, object] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The line to send."""
        return encode({"v": PROTOCOL, "id": self.id, "verb": self.verb, "args": dict(self.args)})

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> "Request":
        """From a received object. Raises ProtocolError, also for another protocol and for keys nobody knows."""
        version = _number(data, "v")
        if version != PROTOCOL:
            raise ProtocolError(f"cannot take a request of protocol {version}: this daemon speaks {PROTOCOL}")
        _only(data, ("v", "id", "verb", "args"))
        args = data.get("args", {})
        if not isinstance(args, dict):
            raise _wrong("args", "an object")
        return cls(_number(data, "id"), _text(data, "verb"), args)


@dataclass(frozen=True, slots=True)
class Notice:
    """The daemon tells how a request is going; `app` is empty when it is about no single app."""

    id: int
    text: str
    app: str = ""

    def encode(self) -> bytes:
        """The line to send."""
        return encode({"id": self.id, "notice": {"text": self.text, "app": self.app}})


@dataclass(frozen=True, slots=True)
class Done:
    """The request was carried out; `result` is JSON data."""

    id: int
    result: object = None

    def encode(self) -> bytes:
        """The line to send."""
        return encode({"id": self.id, "ok": self.result})


@dataclass(frozen=True, slots=True)
class Failed:
    """The request was refused or failed: the fields of MainstayError, and what was done of it all the same."""

    id: int
    message: str
    hint: str = ""
    lines: tuple[str, ...] = ()
    exit_code: int = 1
    result: object = None

    def encode(self) -> bytes:
        """The line to send."""
        error: dict[str, object] = {
            "message": self.message,
            "hint": self.hint,
            "lines": list(self.lines),
            "exit_code": self.exit_code,
        }
        if self.result is not None:
            error["result"] = self.result
        return encode({"id": self.id, "error": error})


Reply = Done | Failed


def parse_answer(data: Mapping[str, object]) -> Notice | Reply:
    """What a daemon sent after its greeting. Raises ProtocolError."""
    id_ = _number(data, "id")
    kinds = [key for key in ("notice", "ok", "error") if key in data]
    if len(kinds) != 1:
        raise ProtocolError("cannot read an answer: it must have one of notice, ok and error")
    if kinds == ["ok"]:
        return Done(id_, data["ok"])
    body = data[kinds[0]]
    if not isinstance(body, dict):
        raise _wrong(kinds[0], "an object")
    if kinds == ["notice"]:
        return Notice(id_, _text(body, "text"), _text(body, "app", ""))
    lines = body.get("lines", [])
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _wrong("lines", "a list of texts")
    code = _number(body, "exit_code", 1)
    return Failed(id_, _text(body, "message"), _text(body, "hint", ""), tuple(lines), code, body.get("result"))


def _text(data: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise _wrong(key, "a text")
    return value


def _number(data: Mapping[str, object], key: str, default: int | None = None) -> int:
    value = data.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(key, "a whole number")
    return value


def _only(data: Mapping[str, object], keys: tuple[str, ...]) -> None:
    unknown = sorted(set(data) - set(keys))
    if unknown:
        raise ProtocolError(f"cannot read a message: no key {', '.join(unknown)} is known")


def _wrong(key: str, expected: str) -> ProtocolError:
    return ProtocolError(f"cannot read a message: {key} must be {expected}")
