"""What is shown of variables, of which some are secrets."""

from __future__ import annotations

from mainstay.settings.naming import looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

MASK = "********"


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
