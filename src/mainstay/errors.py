"""The family of errors people see. Each has an exit code and, where there is one, a hint that says how to mend it.

The only exceptions that may reach the command line: everything foreign is translated where it enters.
"""

USAGE = 2
FAILURE = 1
UNKNOWN_NAME = 3


class MainstayError(Exception):
    """The root: `str(error)` is one line that says what cannot be done, to what and why.

    `hint` is one line that says what to do about it (empty when there is nothing to say). `lines` are an app's
    own last lines of output, oldest first, where they explain the failure.
    """

    exit_code = FAILURE

    def __init__(self, message: str, *, hint: str = "", lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.lines = lines


class UsageError(MainstayError):
    """The command line or a config file is wrong; nothing was done."""

    exit_code = USAGE


class NoSuchName(MainstayError):
    """A selector matches no app, slot or number."""

    exit_code = UNKNOWN_NAME


class RemoteError(MainstayError):
    """The daemon refused a request; carries its message, hint, lines and exit code to the terminal unchanged."""

    def __init__(self, message: str, *, hint: str = "", lines: tuple[str, ...] = (), exit_code: int = FAILURE) -> None:
        super().__init__(message, hint=hint, lines=lines)
        self.exit_code = exit_code
