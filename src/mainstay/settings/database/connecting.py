"""What a driver is given beside the URL: how long connecting may take, and options under the names it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mainstay.settings.database.drivers import Driver

if TYPE_CHECKING:
    from ssl import SSLContext

    from sqlalchemy import URL

_LIBPQ = frozenset(
    (
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
        *("application_name", "krbsrvname", "gsslib"),
    )
)
"""Options of libpq that asyncpg reads in a DSN alone, and refuses as arguments."""
_MYSQL_TLS = frozenset(("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"))


def arguments(url: URL, driver: Driver | None, timeout: float) -> tuple[URL, dict[str, object]]:
    """The URL to use, and the driver's arguments that are not in it."""
    given: dict[str, object] = {}
    if driver is None:
        return url, given
    if driver.connect_timeout and driver.connect_timeout not in url.query:
        whole = max(1, round(timeout))  # libpq and MySQL's clients know whole seconds
        given[driver.connect_timeout] = timeout if driver.name == "asyncpg" else whole
    if driver.name == "aiomysql":
        return _with_context(url, given)
    if driver.name != "asyncpg":
        return url, given
    moved = {name: value for name, value in url.query.items() if name in _LIBPQ}
    if moved:
        given["dsn"] = f"postgresql://?{urlencode(moved, doseq=True)}"
    if "connect_timeout" in url.query:
        moved["connect_timeout"] = ""
        given[driver.connect_timeout] = float(str(url.query["connect_timeout"]))
    return url.difference_update_query(moved), given


def _with_context(url: URL, given: dict[str, object]) -> tuple[URL, dict[str, object]]:
    """aiomysql takes no options of TLS, only a finished context; SQLAlchemy would give it PyMySQL's dictionary."""
    options = {name: str(value) for name, value in url.query.items() if name in _MYSQL_TLS}
    if not options:
        return url, given
    return url.difference_update_query(options), given | {"ssl": _context(options)}


def _context(options: dict[str, str]) -> SSLContext:
    """As PyMySQL makes it: a server's certificate is checked if it is said by what; else it is only encrypted."""
    import ssl

    checked = "ssl_ca" in options or "ssl_capath" in options
    context = ssl.create_default_context(cafile=options.get("ssl_ca"), capath=options.get("ssl_capath"))
    context.check_hostname = checked and options.get("ssl_check_hostname", "true").lower() in ("true", "1", "yes")
    context.verify_mode = ssl.CERT_REQUIRED if checked else ssl.CERT_NONE
    if "ssl_cert" in options:
        context.load_cert_chain(options["ssl_cert"], options.get("ssl_key"))
    if "ssl_cipher" in options:
        context.set_ciphers(options["ssl_cipher"])
    return context
