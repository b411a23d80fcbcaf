"""The family of errors that reading settings raises. No message holds the value of a secret."""


class SettingsError(Exception):
    """The root: `str(error)` says what is wrong and where; `hint` is one line that says how to mend it, or empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint
