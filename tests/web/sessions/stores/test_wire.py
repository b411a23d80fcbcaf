"""What servers, places and limits say of themselves."""

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis_url import Login
from mainstay.web.sessions.stores.redis_wire import RedisWire
from mainstay.web.sessions.stores.wire import Limits, Place, Server


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("db", 6379), "db:6379"),
        (Place("::1", 6379), "[::1]:6379"),
        (Place(path="/run/redis.sock"), "/run/redis.sock"),
    ],
)
def test_a_place_is_written_as_people_write_it(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_limit_that_limits_nothing_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not a time limit"):
        Limits(timeout=value)
    with pytest.raises(ValueError, match="is not a time limit"):
        Limits(connect_timeout=value)


def test_a_queue_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="lets no command through"):
        Limits(most_waiting=0)


def test_errors_name_the_server_and_not_its_password() -> None:
    place = Place("db", 6379)
    server = Server("Redis", place, RedisWire(place, Login("shop", "sesame")), Limits())

    errors = [server.unreachable("refused"), server.timed_out(), server.dropped(), server.dropped("reset")]

    assert all(isinstance(error, StoreError) and "Redis at db:6379" in str(error) for error in errors)
    assert "sesame" not in repr(server)
    assert str(server.timed_out()) == "Redis at db:6379 did not answer within 250 ms"
