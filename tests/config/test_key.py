from mainstay.config import schema
from mainstay.config.key import Values


def test_a_declared_value_comes_back_by_its_key() -> None:
    values = Values({"threads": 7})

    assert values[schema.THREADS] == 7
    assert schema.THREADS in values


def test_a_key_that_was_not_declared_gives_its_default() -> None:
    values = Values({})

    assert values[schema.THREADS] == 40
    assert schema.THREADS not in values
