import dataclasses

import pytest

from mainstay.settings import Settings, setting
from mainstay.settings.declaring import MISSING, Group, Variable, declared, default_of


class Inner(Settings):
    port: int = 1


class Named(Settings, prefix="DB_"):
    port: int = 1


class Outer(Settings, prefix="APP_"):
    plain: str
    other: str = setting(default="x", name="OTHER_NAME")
    api_key: str = ""
    hidden: str = setting(default="", secret=True)
    inner: Inner
    named: Named
    maybe: Inner | None


def found() -> dict[str, Variable | Group]:
    return {one.field: one for one in declared(Outer, "APP_", Settings)}


def test_a_variable_is_called_as_prefix_and_field_say_unless_it_has_a_name() -> None:
    names = {name: one.name for name, one in found().items() if isinstance(one, Variable)}

    assert names == {"plain": "APP_PLAIN", "other": "OTHER_NAME", "api_key": "APP_API_KEY", "hidden": "APP_HIDDEN"}


def test_a_group_has_the_prefix_of_its_class_or_of_its_field() -> None:
    prefixes = {name: (one.prefix, one.optional) for name, one in found().items() if isinstance(one, Group)}

    assert prefixes == {"inner": ("APP_INNER_", False), "named": ("APP_DB_", False), "maybe": ("APP_MAYBE_", True)}


def test_secrets_are_told_by_name_and_by_what_was_said() -> None:
    secret = {name for name, one in found().items() if isinstance(one, Variable) and one.secret}

    assert secret == {"api_key", "hidden"}


def test_the_default_of_an_environment_goes_before_the_other() -> None:
    class One(Settings):
        a: int = setting(default=1, defaults={"test": 2})
        b: list[str] = setting(default_factory=list)
        c: int = setting(defaults={"development": 3})

    a, b, c = dataclasses.fields(One)

    assert (default_of(a, "test"), default_of(a, "production")) == (2, 1)
    assert default_of(b, "test") == []
    assert (default_of(c, "development"), default_of(c, "production")) == (3, MISSING)


def test_a_group_has_no_name_of_its_own() -> None:
    class Wrong(Settings):
        inner: Inner = setting(name="X")

    with pytest.raises(TypeError, match=r"inner is a group of settings"):
        declared(Wrong, "", Settings)
