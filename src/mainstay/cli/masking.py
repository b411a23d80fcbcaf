"""Which variables are secrets, and what is shown of them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_WORDS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL")
_ENDS = ("KEY", "KEYS", "DSN", "AUTH", "PWD")
MASK = "********"


def looks_secret(name: str) -> bool:
    """By its name: PASSWORD, SECRET, TOKEN and the like anywhere, KEY or DSN as the end of a word."""
    upper = name.upper()
    if upper in ("PWD", "OLDPWD"):  # the shell's folders
        return False
    parts = upper.replace("-", "_").replace(".", "_").split("_")
    return any(word in upper for word in _WORDS) or any(part.endswith(_ENDS) for part in parts)


def masked(name: str, value: str, secret: bool = False) -> str:
    """What may be shown: a mask for a secret, the rest of a URL around its password, everything else as it is."""
    if not value:
        return value
    if secret or looks_secret(name):
        return MASK
    return _masked_url(value)


def _masked_url(value: str) -> str:
    """Every login in every URL in the value. A password may hold an @ or a slash that should have been escaped."""
    import re

    return re.sub(r"://([^\s:/?#@]*)(:(?:[^\s/?#]*|[^\s@]*))?@", _hidden_login, value)


def _hidden_login(found: re.Match[str]) -> str:
    user, password = found.group(1), found.group(2)
    return f"://{user}:{MASK}@" if password is not None else f"://{MASK}@"
