"""What a driver is given beside the URL: how long connecting may take, and options under the names it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mainstay.settings.database.drivers import Driver

if TYPE_CHECKING:
    from sqlalchemy import URL

_LIBPQ = frozenset(
    (
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
        *("application_name", "krbsrvname", "gsslib"),
    )
)
"""Options of libpq that asyncpg reads in a DSN alone, and refuses as arguments."""


def arguments(url: URL, driver: Driver | None, timeout: float) -> tuple[URL, dict[str, object]]:
    """The URL to use, and the driver's arguments that are not in it."""
    given: dict[str, object] = {}
    if driver is None:
        return url, given
    if driver.connect_timeout and driver.connect_timeout not in url.query:
        whole = max(1, round(timeout))  # libpq and MySQL's clients know whole seconds
        given[driver.connect_timeout] = timeout if driver.name == "asyncpg" else whole
    if driver.name != "asyncpg":
        return url, given
    moved = {name: value for name, value in url.query.items() if name in _LIBPQ}
    if moved:
        given["dsn"] = f"postgresql://?{urlencode(moved, doseq=True)}"
    if "connect_timeout" in url.query:
        moved["connect_timeout"] = ""
        given[driver.connect_timeout] = float(str(url.query["connect_timeout"]))
    return url.difference_update_query(moved), given
