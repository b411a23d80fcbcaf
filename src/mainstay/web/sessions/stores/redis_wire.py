"""How a conversation with Redis begins: HELLO 3 with the login, or what older servers and proxies understand."""

from dataclasses import dataclass

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis_url import Login
from mainstay.web.sessions.stores.resp import Reply, ReplyError, encode, new_parser
from mainstay.web.sessions.stores.wire import Parser, Place


@dataclass(frozen=True, slots=True)
class RedisWire:
    """A Wire for Redis, Valkey and what speaks like them."""

    place: Place
    login: Login

    def parser(self) -> Parser[Reply]:
        """As Wire.parser."""
        return new_parser()

    def greeting(self) -> tuple[bytes, ...]:
        """As Wire.greeting."""
        hello: tuple[bytes, ...] = (b"HELLO", b"3")
        if self.login.password:
            hello += (b"AUTH", (self.login.user or "default").encode(), self.login.password.encode())
        return (encode(hello), *self._select())

    def greeted(self, replies: list[Reply]) -> tuple[bytes, ...]:
        """As Wire.greeted."""
        for reply in replies:
            if isinstance(reply, ReplyError):
                if _knows_no_hello(str(reply)):
                    return (*self._auth(), *self._select())
                raise explained(f"Redis at {self.place}", reply)
        return ()

    def _auth(self) -> tuple[bytes, ...]:
        if not self.login.password:
            return ()
        user = (self.login.user.encode(),) if self.login.user else ()
        return (encode((b"AUTH", *user, self.login.password.encode())),)

    def _select(self) -> tuple[bytes, ...]:
        return (encode((b"SELECT", b"%d" % self.login.database)),) if self.login.database else ()


def _knows_no_hello(error: str) -> bool:
    return error.startswith("NOPROTO") or ("HELLO" in error.upper() and "command" in error.lower())


MOVED_AWAY = ("READONLY", "MASTERDOWN")
"""Answers of a server that was demoted: its address may already lead to another one."""

_MEANINGS = {
    "NOAUTH": "it asks for a password: put it into the URL (redis://user:password@host)",
    "WRONGPASS": "it refused the user name or password",
    "NOPERM": "the user may not do this: allow @read, @write and @scripting on the store's keys",
    "LOADING": "it is still loading its data",
    "READONLY": "it is a replica, which cannot be written to",
    "MASTERDOWN": "it is a replica that lost its primary",
    "MOVED": "it is a node of a cluster: use RedisStore(client=redis.asyncio.RedisCluster(...))",
    "ASK": "it is a node of a cluster: use RedisStore(client=redis.asyncio.RedisCluster(...))",
    "CLUSTERDOWN": "the cluster is down",
    "OOM": "its memory is full: raise maxmemory, or let it evict (maxmemory-policy volatile-ttl)",
    "WRONGTYPE": "another program keeps something else under this store's keys: choose another prefix",
    "MISCONF": "it cannot write to its disk and refuses changes",
    "BUSY": "another script runs for too long in it",
}


def explained(where: str, error: ReplyError) -> StoreError:
    """What an error reply means for whoever runs the app."""
    text = str(error)
    code = text.split(" ", 1)[0]
    if "unknown command" in text.lower():
        return StoreError(f"{where} lacks a command that sessions need: Redis 6.2 or later, or Valkey ({text[:80]})")
    meaning = _MEANINGS.get(code)
    return StoreError(f"{where} refused a command: {meaning or text[:200]}")
