"""How output looks in its file: as written, with a time before each line, or one JSON object a line. Pure functions."""

from _json import encode_basestring  # what json.encoder has, without its decoder
from time import gmtime

from mainstay.model.never import assert_never
from mainstay.model.spec import LogFormat

LONGEST = 64 * 1024
"""Bytes: a longer line is cut into several JSON objects."""


class Layout:
    """Turns the output of one source into what its file holds; remembers the line that has begun."""

    __slots__ = ("_head", "begun", "partial")

    def __init__(self, app: str, slot: int, stream: str) -> None:
        self._head = f'"app":{encode_basestring(app)},"slot":{slot},"stream":"{stream}","line":'
        self.begun = False
        """What was written last ends inside a line."""
        self.partial = b""
        """The start of a line that is not written before its end is there."""

    def apply(self, style: LogFormat, data: bytes, now: int) -> bytes:
        """What to write for `data`, read at `now` (ns since the epoch)."""
        if self.partial and style is not LogFormat.JSON:
            data, self.partial = self.partial + data, b""
        match style:
            case LogFormat.RAW:
                self.begun = not data.endswith(b"\n")
                return data
            case LogFormat.TIME:
                return self._timed(data, (rfc3339(now) + " ").encode())
            case LogFormat.JSON:
                return self._json(data, now)
            case _:
                assert_never(style)

    def interrupted(self) -> None:
        """The line that has begun was ended in the file by somebody else's line: the rest starts a new one."""
        self.begun = False

    def rest(self, now: int) -> bytes:
        """The end of the output: what to write for a last line without a newline, if it is still kept here."""
        if not self.partial:
            return b""
        data, self.partial = self.partial, b""
        return self._object(data, rfc3339(now))

    def _timed(self, data: bytes, stamp: bytes) -> bytes:
        if not data:
            return data
        ended = data.endswith(b"\n")
        body = data.replace(b"\n", b"\n" + stamp, data.count(b"\n") - ended)
        begun, self.begun = self.begun, not ended
        return body if begun else stamp + body

    def _json(self, data: bytes, now: int) -> bytes:
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        time = rfc3339(now)
        out = [self._object(line, time) for line in lines]
        while len(self.partial) > LONGEST:
            out.append(self._object(self.partial[:LONGEST], time))
            self.partial = self.partial[LONGEST:]
        return b"".join(out)

    def _object(self, line: bytes, time: str) -> bytes:
        text = encode_basestring(line.decode(errors="backslashreplace"))
        return f'{{"time":"{time}",{self._head}{text}}}\n'.encode()


def rfc3339(now: int) -> str:
    """`2026-11-23T12:11:32.123Z` for nanoseconds since the epoch."""
    year, month, day, hour, minute, second = gmtime(now // 1_000_000_000)[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{now // 1_000_000 % 1000:03}Z"
