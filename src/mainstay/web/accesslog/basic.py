"""The user's name in HTTP Basic credentials (RFC 7617), read as morgan's basic-auth reads it."""

import base64
import re

_CREDENTIALS = re.compile(r" *[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9._~+/-]+)=* *")
_PAIR = re.compile("([^:]*):[^\n\r\u2028\u2029]*")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def user_of(authorization: str) -> str | None:
    """The name in an Authorization header; None when there is none, or it cannot be read."""
    credentials = _CREDENTIALS.fullmatch(authorization)
    if credentials is None:
        return None
    encoded = _NOT_BASE64.sub("", credentials[1].replace("-", "+").replace("_", "/"))
    if len(encoded) % 4 == 1:
        encoded = encoded[:-1]
    decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    pair = _PAIR.fullmatch(decoded)
    return pair[1] if pair else None
