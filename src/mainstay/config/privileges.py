"""Reading as whom and with what limits an app's processes run, and seeing that this machine and user allow it."""

import os

from mainstay.config.nearest import did_you_mean
from mainstay.config.problems import Refused, refuse_all
from mainstay.config.values import items, kind_of, size, table, text
from mainstay.model.spec import Privileges, Rlimit

_UNLIMITED = -1
_EXAMPLE = "{ nofile = 65536 }"
_ROOT_ONLY = "run mainstay as root, or leave it out"


def account(value: object) -> str:
    """The name or number of a user or group."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return text(value).strip()


def accounts(value: object) -> tuple[str, ...]:
    """One of them, or a list."""
    return items(value, account)


def umask(value: object) -> int:
    """File mode bits that are taken away, as octal digits in a text: `"027"`. Raises Refused."""
    if not isinstance(value, str):
        raise Refused(f"must be a text of octal digits, not {kind_of(value)}", hint='write it like "027"')
    digits = value.strip().removeprefix("0o")
    if not digits or not set(digits) <= set("01234567") or int(digits, 8) > 0o777:
        raise Refused(f"not a umask: {value!r:.40}", hint='write octal digits from "000" to "777", for example "027"')
    return int(digits, 8)


def rlimits(value: object) -> tuple[Rlimit, ...]:
    """`{ nofile = 65536, as = "2GiB", core = [0, "unlimited"] }`: one value for both, or soft and hard."""
    found: list[Rlimit] = []
    errors: list[Refused] = []
    for name, item in table(value, _EXAMPLE).items():
        try:
            found.append(_rlimit(name, item))
        except Refused as error:
            errors.append(error.under(name))
    refuse_all(errors)
    return tuple(sorted(found, key=lambda limit: limit.name))


def _rlimit(name: str, value: object) -> Rlimit:
    known = _names()
    if name not in known:
        raise Refused("no such limit", hint=did_you_mean(name.lower().removeprefix("rlimit_"), known, "there are"))
    both = items(value, _limit)
    if len(both) > 2 or not both:
        raise Refused(f"must be one value, or soft and hard, not {len(both)} of them")
    soft, hard = both[0], both[-1]
    if hard != _UNLIMITED and (soft == _UNLIMITED or soft > hard):
        raise Refused("the soft limit is above the hard one", hint="write [soft, hard]")
    return Rlimit(name, soft, hard)


def _limit(value: object) -> int:
    if value == "unlimited":
        return _UNLIMITED
    try:
        return size(value)
    except Refused as error:
        raise Refused(
            error.text.replace("a size from", "a limit from"), hint='a number, a size, or "unlimited"'
        ) from None


def _names() -> list[str]:
    import resource

    return sorted(name.removeprefix("RLIMIT_").lower() for name in vars(resource) if name.startswith("RLIMIT_"))


def refusals(asked: Privileges) -> list[tuple[str, Refused]]:
    """Which keys this machine, or who asks, does not allow, and why."""
    root = os.geteuid() == 0
    found: list[tuple[str, Refused]] = []
    for key, name in (("user", asked.user), ("group", asked.group)):
        if name and (error := _account_refused(key, name, root=root)):
            found.append((key, error))
    for index, name in enumerate(asked.groups):
        if error := _account_refused("group", name, root=root):
            found.append(("groups", error.under(index)))
    if asked.nice < 0 and not root:
        found.append(("nice", Refused("only root may ask for a value below 0", hint=_ROOT_ONLY)))
    for limit in asked.rlimits:
        if not root and (error := _above_hard(limit)):
            found.append(("rlimits", error.under(limit.name)))
    return found


def _account_refused(kind: str, name: str, *, root: bool) -> Refused | None:
    number = user_number(name) if kind == "user" else group_number(name)
    if number is None:
        return Refused(
            f"no {kind} is called {name}", hint=f"`getent {'passwd' if kind == 'user' else 'group'}` lists them"
        )
    own = number == (os.geteuid() if kind == "user" else os.getegid())
    return None if root or own else Refused(f"only root may run an app as another {kind}", hint=_ROOT_ONLY)


def user_number(name: str) -> int | None:
    """The uid of a user, by name or number; None when there is none."""
    from mainstay.sys.accounts import find_user

    entry = find_user(name)
    return entry.pw_uid if entry else None


def group_number(name: str) -> int | None:
    """The gid of a group, by name or number; None when there is none."""
    from mainstay.sys.accounts import find_group

    return find_group(name)


def home_of(name: str) -> dict[str, str]:
    """What the environment says of a user: HOME, USER and LOGNAME; nothing when there is no such user."""
    from mainstay.sys.accounts import find_user

    entry = find_user(name)
    return {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name} if entry else {}


def _above_hard(limit: Rlimit) -> Refused | None:
    import resource

    _, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{limit.name.upper()}"))
    if hard == resource.RLIM_INFINITY or (limit.hard != _UNLIMITED and limit.hard <= hard):
        return None
    return Refused(f"only root may raise it above the hard limit, which is {hard}", hint=_ROOT_ONLY)
