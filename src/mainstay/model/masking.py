"""What may be shown of an address: where it leads, and nothing of what is secret in it."""

MASK = "********"


def without_secrets(text: str) -> str:
    """The text with every web address in it cut down to scheme and host: a webhook's path is its password."""
    parts = text.split("://")
    shown = parts[0]
    for part in parts[1:]:
        end = next((i for i, character in enumerate(part) if character.isspace() or character in "\"'<>`|"), len(part))
        shown += "://" + _host(part[:end]) + part[end:]
    return shown


def _host(address: str) -> str:
    """`hooks.slack.com/********` for what follows `https://`."""
    stop = next((i for i, character in enumerate(address) if character in "/?#"), len(address))
    login, at, host = address[:stop].rpartition("@")
    # A password may hold a slash that should have been escaped: what stands before an @ is never shown.
    if not at and "@" in address:
        return MASK
    return host + (f"/{MASK}" if address[stop:].strip("/") or login else "")
