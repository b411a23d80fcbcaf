"""What SQLAlchemy and the drivers raise, as one line without SQL and without parameters."""

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sql_entries import AlreadyThere

_NO_TABLE = ("no such table", "does not exist", "doesn't exist")
_LONGEST = 200


def place_of(url: URL) -> str:
    """The database in words, without the account."""
    kind = url.get_backend_name()
    if not url.host:
        return f"{kind} database {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"{kind} database {url.database} at {url.host}{port}"


def translated(error: Exception, where: str) -> StoreError | AlreadyThere:
    """The error to raise instead, `from None`: its cause holds the parameters, which are a user's data."""
    match error:
        case StoreError() | AlreadyThere():
            return error
        case IntegrityError():
            return AlreadyThere()
        case PoolTimeout():
            return StoreError(f"no connection to the {where} is free: enlarge the engine's pool_size")
        case DBAPIError():
            text = str(error.orig)
        case _:
            text = str(error)
    if any(words in text for words in _NO_TABLE):
        return StoreError(
            f"the {where} lacks the tables of the sessions: call the store's create(), or migrate ({_short(text)})"
        )
    return StoreError(f"cannot use the {where}: {type(error).__name__}: {_short(text)}")


def _short(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:_LONGEST] if lines else "no reason is given"
