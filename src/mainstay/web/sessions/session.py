"""The session as a handler sees it: a dictionary that remembers what is asked of it. It talks to no store itself.

Everything done here is a wish, until the core carries it out before the response starts.
"""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mainstay.web.sessions import codec
from mainstay.web.sessions.record import Record
from mainstay.web.sessions.store import Version


class SessionUnavailable(RuntimeError):
    """The session was written while the store is down, and `on_store_error="anonymous"` lets requests go on without."""


class SessionGone(RuntimeError):
    """The session cannot be read again: it was ended by another request, or has expired."""


class Move(Enum):
    """Whether the session gets a new id, and what becomes of what the old one held."""

    STAY = "stay"
    KEEP = "keep"
    DROP = "drop"


class Due(Enum):
    """What the browser has to be told."""

    NOTHING = "nothing"
    COOKIE = "cookie"
    CLEARED = "cleared"


class Sendable(Enum):
    """Whether a cookie can be set any more, and why not."""

    YES = "yes"
    INSECURE = "the request came over http and the cookie is Secure"
    STARTED = "the response has started"


@dataclass(frozen=True, slots=True)
class Found:
    """A session as it was last read or written."""

    id: str
    key: str
    version: Version
    record: Record

    def __repr__(self) -> str:
        return f"Found(key={self.key[:8]}..., version={self.version!r})"  # the id is as good as a password


class SessionState(MutableMapping[str, Any]):
    """A session's data, like a dict; nothing is stored or sent before the first write. Nested changes are seen.

    Changes are stored before the response starts. Where another request changed the session meanwhile, each keeps
    what it set: top-level keys are merged. Raises SessionUnavailable when it is written while the store is down.
    """

    __slots__ = (
        "_absolute", "_data", "_due", "_found", "_idle", "_login", "_move", "_secure", "_sendable", "_unavailable",
        "_user", "accessed",
    )  # fmt: skip

    def __init__(self, found: Found | None = None, *, unavailable: bool = False) -> None:
        self._found = found
        self._data: codec.Data | None = None
        self._user = None if found is None else found.record.user
        self._idle: float | None = None
        self._absolute: float | None = None
        self._login = False
        self._move = Move.STAY
        self._due = Due.NOTHING
        self._secure = False
        self._sendable = Sendable.YES
        self._unavailable = unavailable
        self.accessed = False

    def __repr__(self) -> str:
        kind = "new" if self._found is None else self.fingerprint
        return f"<{type(self).__name__} {kind}>"

    def _came(self, *, secure: bool, needed: bool) -> None:
        """Say whether the request came over https, and whether the cookie may only be set then."""
        self._secure = secure
        if needed and not secure:
            self._sendable = Sendable.INSECURE

    # The mapping

    def __getitem__(self, key: str) -> Any:
        return self._contents()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._writable()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._writable()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents())

    def __len__(self) -> int:
        return len(self._contents())

    def __contains__(self, key: object) -> bool:
        return key in self._contents()

    def get(self, key: str, default: Any = None) -> Any:
        """As dict.get."""
        return self._contents().get(key, default)

    def clear(self) -> None:
        """Remove all data. A session left without data and user ends, and its cookie is cleared."""
        self._writable().clear()

    def copy(self) -> codec.Data:
        """The data as a dict; nested values are the same objects."""
        return dict(self._contents())

    # What is known of it

    @property
    def is_new(self) -> bool:
        """Whether the browser brought no session that is still there."""
        self._look()
        return self._found is None

    @property
    def modified(self) -> bool:
        """Whether there is something to store: encoded, the data differ from what was read, however deep."""
        if self._move is not Move.STAY:
            return True
        if self._data is None:
            return False
        return not codec.looks_like(self._data, codec.EMPTY if self._found is None else self._found.record.data)

    @modified.setter
    def modified(self, value: bool) -> None:
        """Code written for other sessions sets it after nested changes. There is no need: these are seen."""

    @property
    def user(self) -> str | None:
        """Who `login` said this is."""
        self._look()
        self.accessed = True
        return self._user

    @property
    def created(self) -> float | None:
        """When the session was begun, by the last login if there was one: seconds since 1970; None for a new one."""
        self._look()
        return None if self._found is None else self._found.record.created

    @property
    def fingerprint(self) -> str | None:
        """Eight hex digits that tell sessions apart in a log and are good for nothing else; None for a new one."""
        self._look()
        return None if self._found is None else self._found.key[:8]

    # What can be asked of it

    def regenerate(self, *, keep: bool = True, idle: float | None = None, absolute: float | None = None) -> None:
        """Give the session a new id, so that whoever knew the old one is out; `keep=False` drops the data.

        `idle` and `absolute` are lifetimes in seconds for this session alone ("remember me").
        """
        data = self._writable()
        if not keep:
            data.clear()
            self._user = None
        if self._move is not Move.DROP:
            self._move = Move.KEEP if keep else Move.DROP
        self._idle = idle if idle is None else float(max(1, int(idle)))
        self._absolute = absolute if absolute is None else float(absolute)

    def login(
        self, user: str | int, *, keep: bool = True, idle: float | None = None, absolute: float | None = None
    ) -> None:
        """Make this the session of `user`, under a new id and with `absolute` counted from now.

        The data of an anonymous session are kept (`keep=False`: not); those of another user never are.
        """
        name = str(user)
        self.regenerate(keep=keep and self._user in (None, name), idle=idle, absolute=absolute)
        self._user = name
        self._login = True

    def logout(self) -> None:
        """End the session: the same as `destroy`."""
        self.destroy()

    def destroy(self) -> None:
        """End the session: the stored one is deleted, the cookie cleared. What is written after it is a new session."""
        self.regenerate(keep=False)
        self._login = False

    def _look(self) -> None:
        """Called before anything of the session is told: where one is not read before it is needed, it is read here."""

    def _contents(self) -> codec.Data:
        self.accessed = True
        if self._data is None:
            self._look()
            self._data = {} if self._found is None else codec.decode(self._found.record.data)
        return self._data

    def _writable(self) -> codec.Data:
        if self._unavailable:
            raise SessionUnavailable(
                "the session cannot be written: its store is down, and this request goes on without it"
            )
        return self._contents()


def changes_of(session: SessionState) -> tuple[codec.Data, set[str]]:
    """What this request set at the top level, and which keys it removed, since the session was last read or written."""
    before = {} if session._found is None else codec.decode(session._found.record.data)
    now = {} if session._data is None else session._data
    changed = {key: value for key, value in now.items() if key not in before or _differ(before[key], value)}
    return changed, before.keys() - now.keys()


def _differ(before: object, now: object) -> bool:
    return codec.encode({"": before}) != codec.encode({"": now})
