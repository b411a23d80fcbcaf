"""How a conversation with Memcached begins: nothing to say, but a login where `-Y` asks for one."""

from dataclasses import dataclass

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.memcached_url import Account
from mainstay.web.sessions.stores.meta import MetaParser, Refusal, Reply
from mainstay.web.sessions.stores.wire import Parser, Place

Answer = Reply | Refusal


@dataclass(frozen=True, slots=True)
class MemcachedWire:
    """A Wire for Memcached."""

    place: Place
    account: Account

    def parser(self) -> Parser[Answer]:
        """As Wire.parser."""
        return MetaParser()

    def greeting(self) -> tuple[bytes, ...]:
        """As Wire.greeting: the login looks like the storing of a value."""
        if not self.account.password:
            return ()
        text = f"{self.account.user} {self.account.password}".encode()
        return (b"set login 0 0 %d\r\n%b\r\n" % (len(text), text),)

    def greeted(self, replies: list[Answer]) -> tuple[bytes, ...]:
        """As Wire.greeted."""
        if replies != [Reply("STORED")]:
            raise StoreError(f"Memcached at {self.place} refused the user name or password")
        return ()


def explained(where: str, refusal: Refusal) -> StoreError:
    """What a refusal means for whoever runs the app."""
    text = refusal.text
    if "unauthenticated" in text:
        return StoreError(f"{where} asks for a login: write memcached://user:password@host:port")
    if "too large" in text:
        return StoreError(f"{where} takes no value so large: start it with a larger limit (memcached -I 2m)")
    if "out of memory" in text:
        return StoreError(f"{where} is full of entries that it may not throw out: give it more memory (memcached -m)")
    if text == "ERROR":
        return StoreError(f"{where} does not know the meta protocol: Memcached 1.6.10 or later is needed")
    return StoreError(f"{where} refused a command: {text[:200]}")
