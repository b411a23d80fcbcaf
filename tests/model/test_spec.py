import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.model.spec import (
    AppSpec,
    Bind,
    Command,
    EnvLayer,
    TcpBind,
    UnixBind,
    environment_of,
    slots_wanted,
)


@pytest.mark.parametrize(
    ("instances", "cores", "slots"), [(3, 8, 3), (0, 8, 8), (-1, 8, 7), (-8, 8, 1), (-20, 8, 1), (0, 1, 1), (16, 2, 16)]
)
def test_instances_are_counted_from_the_cores(instances: int, cores: int, slots: int) -> None:
    assert slots_wanted(instances, cores) == slots


@given(st.integers(), st.integers(1, 1000))
def test_there_is_always_a_slot(instances: int, cores: int) -> None:
    assert slots_wanted(instances, cores) >= 1


@pytest.mark.parametrize(
    ("bind", "text"),
    [
        (TcpBind("127.0.0.1", 80), "127.0.0.1:80"),
        (TcpBind("::1", 80), "[::1]:80"),
        (UnixBind("/run/x.sock"), "unix:/run/x.sock"),
    ],
)
def test_addresses_are_told_as_they_are_written(bind: Bind, text: str) -> None:
    assert str(bind) == text


def test_a_later_layer_wins_and_every_variable_knows_its_layer() -> None:
    layers = (EnvLayer("base", {"A": "1", "B": "1"}), EnvLayer("env", {"B": "2"}))

    found = environment_of(AppSpec("web", Command(()), "/", env=layers))

    assert found == {"A": ("1", "base"), "B": ("2", "env")}
