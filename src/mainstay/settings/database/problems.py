"""What can be wrong with a declared database. No message holds a password."""

from collections.abc import Iterable

from mainstay.settings.problems import SettingsError


class DatabaseError(SettingsError):
    """The root of what is raised here; `message` and `hint` are one line each."""


class NoSuchSection(DatabaseError):
    """The environment has no section."""

    def __init__(self, name: str, sections: Iterable[str]) -> None:
        there = ", ".join(sections)
        super().__init__(f"no database is declared for the environment {name!r}", hint=f"there are sections: {there}")


class WrongSection(DatabaseError):
    """A section cannot be used; `problems` says all that is wrong with it, not only the first."""

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"cannot use the database section {name}: {'; '.join(self.problems)}")


class WrongDriver(DatabaseError):
    """The driver cannot do what is asked for: an asynchronous one in `engine()`, or the other way round."""


class MissingPackage(DatabaseError):
    """A package that is needed is not installed for the interpreter that runs."""

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"{what} is not installed", hint=f"pip install '{install}'")
