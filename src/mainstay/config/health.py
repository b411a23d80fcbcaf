"""Reading how it is seen whether an app is well: one of a path, an address and a command."""

from mainstay.config import addresses
from mainstay.config.problems import Refused
from mainstay.config.values import kind_of, text
from mainstay.model.spec import TcpBind

HERE = ""
"""As an address to connect to: where the app listens."""


def path(value: object) -> str:
    """What is asked for with GET: `/healthz`. Raises Refused."""
    written = text(value).strip()
    if "://" in written:
        raise Refused(f"{written!r:.80} is a URL", hint='write the path only: "/healthz"')
    if not written.startswith("/"):
        raise Refused(f"{written!r:.80} does not begin with /", hint=f'write "/{written:.60}"')
    if not (written.isascii() and written.isprintable()) or " " in written:
        raise Refused(f"{written!r:.80} cannot be sent as it is", hint="write it percent-encoded: %20 is a space")
    return written


def address(value: object) -> str:
    """Where a connection must be taken: true where the app listens, or host:port. Raises Refused."""
    if value is True:
        return HERE
    if not isinstance(value, str):
        raise Refused(f'must be true or an address like "127.0.0.1:5432", not {kind_of(value)}')
    found = addresses.bind(value)
    if not isinstance(found, TcpBind):
        raise Refused(f"{value!r:.80} is no TCP address", hint='write it like "127.0.0.1:5432"')
    return str(found)
