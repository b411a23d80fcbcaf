"""Ids of sessions and their signatures: what is in the cookie, and the key it has in the store.

Only ids that we made and signed are ever looked up. The first secret signs; all of them verify, and a value that an
older one signed is to be sent anew. The store sees the SHA-256 of an id, so that its keys are good for no cookie.
"""

import base64
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

SHORTEST_SECRET = 32
REMEMBERED = 4096
"""How many values that were right are remembered, each of some 300 bytes."""
_ID = re.compile(rb"[A-Za-z0-9_-]{32}(?:~[0-9]{1,9})?")
_HINT = 'make one with python -c "import secrets; print(secrets.token_urlsafe(48))"'
_UNRESERVED = "-_.!~*'()"  # besides letters and digits: what encodeURIComponent leaves alone

Format = Literal["mainstay", "express"]


def new_id(idle: int | None = None) -> str:
    """A new id of 192 random bits; `idle`, a session's own idle lifetime in seconds, is told in it.

    So a read can renew the entry for the right time in one round trip, before anybody has seen the record.
    """
    id_ = randomness.token_urlsafe(24)
    return id_ if idle is None else f"{id_}~{idle}"


def idle_of(id_: str) -> float | None:
    """The idle lifetime that is told in an id, if it has one of its own."""
    return float(id_[33:]) if len(id_) > 33 else None


def key_of(id_: str) -> str:
    """The key in the store: 64 hex digits."""
    return hashlib.sha256(id_.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Opened:
    """A value whose signature is right, and the key it has in the store.

    `current` is False when it has to be signed with the newest secret.
    """

    id: str
    key: str
    current: bool

    def __repr__(self) -> str:
        return f"Opened(current={self.current})"  # an id is as good as the session: in no log


class Signer:
    """Signs ids and reads what was signed. Raises ValueError for secrets that protect nothing."""

    def __init__(self, secrets: Sequence[str | bytes], *, name: str, format: Format = "mainstay") -> None:
        keys = [secret.encode() if isinstance(secret, str) else secret for secret in secrets]
        if not keys:
            raise ValueError(f"sessions need a secret to sign their cookies with: {_HINT}")
        for number, key in enumerate(keys, start=1):
            if len(key) < SHORTEST_SECRET:
                raise ValueError(
                    f"secret {number} of {len(keys)} for sessions has {len(key)} bytes, "
                    f"at least {SHORTEST_SECRET} are needed: {_HINT}"
                )
        self._express = format == "express"
        purpose = b"mainstay.web.sessions:" + name.encode()
        self._known: dict[bytes, Opened] = {}
        self._keys = keys if self._express else [hmac.digest(key, purpose, "sha256") for key in keys]

    def __repr__(self) -> str:
        return f"Signer({len(self._keys)} secrets)"

    def seal(self, id_: str) -> str:
        """The cookie's value for an id."""
        if self._express:
            return quote(express_sign(id_, self._keys[0]), safe=_UNRESERVED)
        return f"{id_}.{self._mac(self._keys[0], id_.encode()).decode()}"

    def open(self, value: bytes) -> Opened | None:
        """The id in a cookie's value, None when it is not one of ours. Takes any bytes and raises nothing.

        What was right once is remembered, as a browser sends the same value with each request.
        """
        known = self._known.get(value)
        if known is not None:
            return known
        opened = self._open_express(value) if self._express else self._open(value)
        if opened is not None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[value] = opened
        return opened

    def _open(self, value: bytes) -> Opened | None:
        id_, dot, signature = value.rpartition(b".")
        if not dot or _ID.fullmatch(id_) is None:
            return None
        for number, key in enumerate(self._keys):
            if hmac.compare_digest(self._mac(key, id_), signature):
                return _opened(id_.decode(), current=number == 0)
        return None

    def _open_express(self, value: bytes) -> Opened | None:
        text = unquote_to_bytes(value).decode("latin-1")
        for number, key in enumerate(self._keys):
            id_ = express_unsign(text, key)
            if id_ is not None and _ID.fullmatch(id_.encode()):
                return _opened(id_, current=number == 0)
        return None

    @staticmethod
    def _mac(key: bytes, id_: bytes) -> bytes:
        return base64.urlsafe_b64encode(hmac.digest(key, id_, "sha256"))[:43]


def _opened(id_: str, *, current: bool) -> Opened:
    return Opened(id_, key_of(id_), current)


def express_sign(id_: str, secret: str | bytes) -> str:
    """`s:` + id + `.` + signature, as express-session puts it into a cookie (before URL encoding)."""
    return f"s:{id_}.{_express_mac(id_, secret)}"


def express_unsign(value: str, secret: str | bytes) -> str | None:
    """The id in what `express_sign` made (after URL decoding), None when the signature is wrong."""
    if not value.startswith("s:"):
        return None
    id_, dot, signature = value[2:].rpartition(".")
    wanted = _express_mac(id_, secret).encode()
    return id_ if dot and hmac.compare_digest(wanted, signature.encode(errors="surrogatepass")) else None


def _express_mac(id_: str, secret: str | bytes) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    mac = hmac.digest(key, id_.encode(errors="surrogatepass"), "sha256")
    return base64.b64encode(mac).decode().rstrip("=")
