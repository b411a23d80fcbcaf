"""Reading what is run or called when something happens: `[hooks]`, for all apps of the file or for one."""

from collections.abc import Callable, Mapping

from mainstay.config.commandline import command
from mainstay.config.nearest import did_you_mean
from mainstay.config.problems import Refused, refuse_all
from mainstay.config.values import T, duration, kind_of, table, text
from mainstay.model.spec import Hook

EVENTS = (
    *("on_crash", "on_start", "on_stop", "on_errored", "on_reload", "on_reload_refused"),
    *("on_unhealthy", "on_over_limit", "on_job_failed", "on_recovered"),
)
_ITEMS = ("command", "url", "interval")
_EXAMPLE = '{ on_crash = ["notify", "me"] }'

Hooks = dict[str, Hook | None]
"""By key, `on_crash`; None: not, though the file says so for all its apps."""


def hooks(value: object) -> Hooks:
    """The hooks of a table. Raises Refused."""
    found: Hooks = {}
    errors: list[Refused] = []
    for key, item in table(value, _EXAMPLE).items():
        try:
            found[key] = _hook(key, item)
        except Refused as error:
            errors.append(error.under(key))
    refuse_all(errors)
    return found


def together(of_file: Mapping[str, Hook | None], of_app: Mapping[str, Hook | None]) -> tuple[Hook, ...]:
    """What holds for an app, in the order in which the events are named."""
    both = {**of_file, **of_app}
    return tuple(hook for key in EVENTS if (hook := both.get(key)) is not None)


def _hook(key: str, value: object) -> Hook | None:
    if key not in EVENTS:
        raise Refused("no such event", hint=did_you_mean(key, EVENTS, "there are"))
    event = key.removeprefix("on_")
    if value is False:
        return None
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        raise Refused("is an address, not a command", hint=f'write {{ url = "{value:.80}" }}')
    if not isinstance(value, dict):
        if not isinstance(value, str | list):
            raise Refused(f"must be a command, a table with `url`, or false, not {kind_of(value)}")
        return Hook(event, command(value))
    return _from_table(event, value)


def _from_table(event: str, written: dict[str, object]) -> Hook:
    for word in written:
        if word not in _ITEMS:
            raise Refused("no such key", hint=did_you_mean(word, _ITEMS, "its keys are"), at=(word,))
    if ("command" in written) == ("url" in written):
        raise Refused("takes one of `command` and `url`", hint='write { url = "https://..." }, or the command itself')
    interval = _item(written, "interval", duration) if "interval" in written else Hook(event).interval
    if "url" in written:
        return Hook(event, url=_item(written, "url", _url), interval=interval)
    return Hook(event, _item(written, "command", command), interval=interval)


def _item(written: Mapping[str, object], key: str, read: Callable[[object], T]) -> T:
    try:
        return read(written[key])
    except Refused as error:
        raise error.under(key) from None


def _url(value: object) -> str:
    from urllib.parse import urlsplit

    written = text(value).strip()
    try:
        parts = urlsplit(written)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or not written.isascii() or " " in written:
        raise Refused(f"{written!r:.80} is no address for a webhook", hint='write it like "https://example.com/hook"')
    return written
