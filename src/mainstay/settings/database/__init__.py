"""A database declared as code: one section for each environment, and SQLAlchemy engines that are made of it.

    from mainstay.settings.database import Database, Sections, secret, variable

    databases = Sections(
        development=Database("sqlite:///shop.db"),
        test=Database("sqlite://"),
        production=Database(
            driver="postgresql",
            host=variable("DB_HOST"),
            user="shop",
            password=secret("DB_PASSWORD"),
            database="shop",
            query={"sslmode": "require"},
        ),
    )

    engine = databases.engine()

SQLAlchemy 2 is needed, and imported when the first engine is made. No message, repr or log holds a password.
"""

from mainstay.settings.database.problems import (
    DatabaseError,
    MissingPackage,
    NoSuchSection,
    WrongDriver,
    WrongSection,
)
from mainstay.settings.database.section import Database
from mainstay.settings.database.sections import Sections
from mainstay.settings.database.values import Variable, secret, variable

__all__ = [
    "Database",
    "DatabaseError",
    "MissingPackage",
    "NoSuchSection",
    "Sections",
    "Variable",
    "WrongDriver",
    "WrongSection",
    "secret",
    "variable",
]
