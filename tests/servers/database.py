"""A database server that a test started, and how to reach it."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and an account that may do everything in it."""

    dialect: str
    """`postgresql` or `mysql`, as SQLAlchemy calls them."""
    port: int
    host: str = "127.0.0.1"
    user: str = "shop"
    password: str = "p@ss/w:rd%25"
    """With everything that must be escaped in a URL."""
    database: str = "shop"
    ca: str = ""
    """The file of the certificate that it shows, where it speaks TLS."""

    def url(self, driver: str = "") -> str:
        """The URL for a driver (`psycopg`, `aiomysql`); the dialect's own one when none is named."""
        name = f"{self.dialect}+{driver}" if driver else self.dialect
        return f"{name}://{self.user}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.database}"
