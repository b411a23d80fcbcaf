"""From a request as it came to the event it means: arguments checked, each with a clear refusal."""

from mainstay.core.events import (
    Apply,
    Decide,
    Delete,
    Kill,
    Reload,
    Request,
    Reset,
    Restart,
    Resurrect,
    RunJob,
    Scale,
    Signal,
    Start,
    Stop,
    Token,
)
from mainstay.errors import UsageError
from mainstay.model.codec import CodecError, load
from mainstay.model.exits import signal_number
from mainstay.model.spec import AppSpec, EnvLayer

Arguments = dict[str, object]

UPGRADE = "upgrade"
"""The verb that is for the daemon itself."""

STEERING: dict[str, type[Start | Stop | Delete | Reset]] = {
    "start": Start,
    "stop": Stop,
    "delete": Delete,
    "reset": Reset,
}
"""Verbs that need nothing but selectors."""


def event_of(verb: str, args: Arguments, token: Token) -> Request | None:
    """The event for a verb that changes something; None when the verb is not one of them. Raises UsageError."""
    if verb in STEERING:
        return STEERING[verb](token, selectors(args))
    match verb:
        case "apply":
            return Apply(token, specs(args), args.get("mode") == "reload")
        case "restart":
            return Restart(token, selectors(args), _shell(args))
        case "reload":
            return Reload(token, selectors(args), _canary(args), _shell(args))
        case "rollout":
            return Decide(token, selectors(args), _choice(args) == "continue")
        case "scale":
            return Scale(token, _text(args, "app"), _text(args, "to"))
        case "run-job":
            return RunJob(token, _text(args, "app"), args.get("detach") is True)
        case "signal":
            return Signal(token, selectors(args), _signal(args))
        case "kill":
            return Kill(token)
        case "resurrect":
            return Resurrect(token)
        case _:
            return None


def selectors(args: Arguments) -> tuple[str, ...]:
    """The selectors of a request. Raises UsageError when there is none."""
    found = args.get("selectors")
    if not isinstance(found, list) or not found or not all(isinstance(name, str) for name in found):
        raise UsageError("cannot do that: no app was named", hint="`all` means every app")
    return tuple(found)


def _text(args: Arguments, key: str) -> str:
    value = args.get(key)
    if not isinstance(value, str):
        raise UsageError(f"cannot read the request: {key} must be a text")
    return value


def specs(args: Arguments) -> tuple[AppSpec, ...]:
    """The specs of a request. Raises UsageError when there is none, or two have one name."""
    try:
        found = load(tuple[AppSpec, ...], args.get("specs"), "specs")
    except (CodecError, OverflowError) as error:
        raise UsageError(f"cannot read the request: {error}") from error
    names = [spec.name for spec in found]
    twice = [name for name in names if names.count(name) > 1]
    if not names or twice:
        raise UsageError(f"cannot start: two apps are called {twice[0]}" if twice else "cannot start: no app is given")
    if any(spec.schedule or spec.restart.schedule for spec in found):
        from mainstay.daemon import schedule

        for spec in found:
            schedule.check(spec)
    return found


def _shell(args: Arguments) -> EnvLayer | None:
    layers = args.get("env_layers")
    if not layers:
        return None
    try:
        return next((layer for layer in load(tuple[EnvLayer, ...], layers, "env") if layer.source == "shell"), None)
    except CodecError as error:
        raise UsageError(f"cannot read the request: {error}") from error


def _canary(args: Arguments) -> int:
    share = args.get("canary")
    if share is None:
        return 0
    if not isinstance(share, int) or not 1 <= share <= 99:
        raise UsageError(f"cannot reload: a canary takes 1 to 99 percent, not {share}")
    return share


def _choice(args: Arguments) -> str:
    action = args.get("action")
    if action not in ("continue", "abort"):
        raise UsageError("cannot decide: the action is `continue` or `abort`")
    return str(action)


def _signal(args: Arguments) -> int:
    name = str(args.get("signal", ""))
    number = signal_number(name) if name.isascii() else None
    if number is None:
        raise UsageError(f"there is no signal {args.get('signal')!r}", hint="for example SIGUSR1, HUP or 15")
    return number
