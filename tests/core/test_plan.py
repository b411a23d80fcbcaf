"""The difference between two specs, and the gentlest way to make it true."""

from dataclasses import replace

import pytest

from mainstay.core.plan import Way, compare, way_of
from mainstay.model.spec import AppSpec, Command, EnvLayer, PythonApp, Restart, TcpBind
from tests.core.specs import JOBS, WEB


def test_nothing_changes_between_equal_specs() -> None:
    assert compare(WEB, replace(WEB)) == ()
    assert way_of(()) is Way.SILENT


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        (replace(WEB, source="/srv/mainstay.toml"), Way.SILENT),
        (replace(WEB, instances=4), Way.LIVE),
        (replace(WEB, stop_timeout=1.0), Way.LIVE),
        (replace(WEB, restart=Restart(first=1.0)), Way.LIVE),
        (replace(WEB, cwd="/srv/other"), Way.ROLLING),
        (replace(WEB, environment="development"), Way.ROLLING),
        (replace(WEB, program=PythonApp("shop.other:app", "/usr/bin/python3")), Way.ROLLING),
        (replace(WEB, env=(EnvLayer("env", {"A": "1"}),)), Way.ROLLING),
        (replace(WEB, binds=(TcpBind("127.0.0.1", 8001),)), Way.RESTART),
        (replace(WEB, program=Command(("gunicorn",))), Way.RESTART),
    ],
)
def test_a_change_takes_the_gentlest_way_that_makes_it_true(changed: AppSpec, way: Way) -> None:
    assert way_of(compare(WEB, changed)) is way


def test_of_several_changes_the_hardest_decides_the_way() -> None:
    changes = compare(WEB, replace(WEB, instances=4, cwd="/srv/other"))

    assert [str(change) for change in changes] == ["cwd /srv/shop -> /srv/other (rolling)", "instances 2 -> 4 (live)"]
    assert way_of(changes) is Way.ROLLING


def test_a_variable_is_named_and_its_value_is_never_shown() -> None:
    old = replace(WEB, env=(EnvLayer("env", {"KEPT": "1", "TOKEN": "hunter2", "GONE": "1"}),))
    new = replace(WEB, env=(EnvLayer("env", {"KEPT": "1", "TOKEN": "hunter3", "NEW": "1"}),))
    (change,) = compare(old, new)

    assert change.text == "env +NEW -GONE ~TOKEN"


def test_the_same_variables_from_another_layer_are_no_change() -> None:
    old = replace(WEB, env=(EnvLayer("env", {"A": "1"}),))

    assert compare(old, replace(WEB, env=(EnvLayer("file .env", {"A": "1"}),))) == ()


def test_another_command_line_is_rolled_out() -> None:
    (change,) = compare(JOBS, replace(JOBS, program=Command(("sleep", "10"))))

    assert str(change) == "command changed (rolling)"


def test_addresses_are_shown_as_people_write_them() -> None:
    (change,) = compare(WEB, replace(WEB, binds=()))

    assert str(change) == "bind 127.0.0.1:8000 -> none (restart)"
