"""Which variables are secrets, told by their names. Imports nothing: the command line asks too."""

_WORDS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL")
_ENDS = ("KEY", "KEYS", "DSN", "AUTH", "PWD")


def looks_secret(name: str) -> bool:
    """By its name: PASSWORD, SECRET, TOKEN and the like anywhere, KEY or DSN as the end of a word."""
    upper = name.upper()
    if upper in ("PWD", "OLDPWD"):  # the shell's folders
        return False
    parts = upper.replace("-", "_").replace(".", "_").split("_")
    return any(word in upper for word in _WORDS) or any(part.endswith(_ENDS) for part in parts)
