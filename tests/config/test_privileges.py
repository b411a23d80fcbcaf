import os
import resource

import pytest

from mainstay.config.privileges import account, accounts, group_number, home_of, refusals, rlimits, umask, user_number
from mainstay.config.problems import Refused
from mainstay.model.spec import Privileges, Rlimit

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="asks for what only root may")
as_nobody = pytest.mark.skipif(os.geteuid() == 0, reason="root may everything")


def test_a_user_is_named_or_numbered() -> None:
    assert account("nobody") == "nobody"
    assert account(1000) == "1000"
    assert accounts(["adm", 4]) == ("adm", "4")


@pytest.mark.parametrize("wrong", [-1, True, "", []])
def test_what_is_nobody_is_refused(wrong: object) -> None:
    with pytest.raises(Refused):
        account(wrong)


@pytest.mark.parametrize(("written", "bits"), [("027", 0o27), ("0", 0), ("777", 0o777), ("0o022", 0o22)])
def test_a_umask_is_octal(written: str, bits: int) -> None:
    assert umask(written) == bits


@pytest.mark.parametrize("written", [27, "28", "1777", "", "rwx", "-1", True])
def test_what_is_no_umask_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        umask(written)


def test_a_limit_is_one_value_or_two() -> None:
    assert rlimits({"nofile": 65536, "as": "2GiB", "core": [0, "unlimited"]}) == (
        Rlimit("as", 2 * 1024**3, 2 * 1024**3),
        Rlimit("core", 0, -1),
        Rlimit("nofile", 65536, 65536),
    )


@pytest.mark.parametrize(
    ("value", "told", "hint"),
    [
        (1, "must be a table like { nofile = 65536 }, not a number", ""),
        ({"nofiles": 1}, "no such limit", "did you mean `nofile`?"),
        ({"RLIMIT_CORE": 1}, "no such limit", "did you mean `core`?"),
        ({"core": [2, 1]}, "the soft limit is above the hard one", "write [soft, hard]"),
        ({"core": ["unlimited", 1]}, "the soft limit is above the hard one", "write [soft, hard]"),
        ({"core": [1, 2, 3]}, "must be one value, or soft and hard, not 3 of them", ""),
        ({"core": []}, "must be one value, or soft and hard, not 0 of them", ""),
        ({"core": -1}, "must be a limit from 0 up, not -1", 'a number, a size, or "unlimited"'),
        ({"core": "much"}, "not a size: 'much'", 'a number, a size, or "unlimited"'),
    ],
)
def test_what_is_no_limit_is_refused(value: object, told: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        rlimits(value)

    assert (caught.value.text, caught.value.hint) == (told, hint)


def test_who_is_not_there_is_told() -> None:
    found = refusals(Privileges(user="nobdy", group="nogrp", groups=("nobdies",)))

    assert [(key, error.at, error.text) for key, error in found] == [
        ("user", (), "no user is called nobdy"),
        ("group", (), "no group is called nogrp"),
        ("groups", (0,), "no group is called nobdies"),
    ]


@as_root
def test_root_may_be_anybody() -> None:
    wanted = Privileges("nobody", "nogroup", ("nogroup",), 0o27, -5, (Rlimit("core", 0, -1),))

    assert refusals(wanted) == []


@as_nobody
def test_others_may_only_be_who_they_are_and_ask_for_less() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = Privileges("root", "root", (), -1, -1, (Rlimit("nofile", hard + 1, hard + 1),))

    assert [key for key, _ in refusals(wanted)] == ["user", "group", "nice", "rlimits"]
    assert refusals(Privileges(str(os.geteuid()), str(os.getegid()), nice=5, rlimits=(Rlimit("core", 0, 0),))) == []


def test_the_home_of_a_user_comes_with_it() -> None:
    assert home_of("root") == home_of("0") == {"HOME": "/root", "USER": "root", "LOGNAME": "root"}
    assert home_of("nobdy") == {}


def test_numbers_must_be_those_of_somebody() -> None:
    assert (user_number("0"), group_number("0")) == (0, 0)
    assert (user_number("root"), group_number("root")) == (0, 0)
    assert (user_number("4123456789"), group_number("99999999999999")) == (None, None)
