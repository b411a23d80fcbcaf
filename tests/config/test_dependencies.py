import pytest

from mainstay.config.dependencies import circles, dependencies, unmet
from mainstay.config.problems import Refused
from mainstay.model.spec import Condition, Dependency

DB = Dependency("db")


def test_a_dependency_is_named_alone_in_a_list_or_with_a_condition() -> None:
    assert dependencies("db") == dependencies(["db"]) == dependencies({"db": "started"}) == (DB,)
    assert dependencies({"db": "healthy"}) == (Dependency("db", Condition.HEALTHY),)


@pytest.mark.parametrize(
    ("value", "at", "told"),
    [
        (1, (), "must be a list like"),
        ([1], (0,), "must be a text"),
        (["db", "db"], (1,), "db is named twice"),
        ({"db": "ready"}, ("db",), 'must be "started" or "healthy"'),
        (["all"], (0,), "`all` cannot be a name"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(value: object, at: tuple[object, ...], told: str) -> None:
    with pytest.raises(Refused) as caught:
        dependencies(value)

    assert caught.value.at == at
    assert caught.value.text.startswith(told)


def test_an_app_that_is_not_there_is_told_with_the_nearest() -> None:
    assert unmet("web", [Dependency("dbs")], {"web", "db"}, (), ()) == [
        (0, "dbs", "no app is called dbs", "did you mean `db`?")
    ]


def test_nobody_can_wait_for_the_health_of_what_is_not_looked_at() -> None:
    wanted = [DB, Dependency("db", Condition.HEALTHY)]

    assert [found[0] for found in unmet("web", wanted, {"db"}, (), ())] == [1]
    assert unmet("web", wanted, {"db"}, {"db"}, ()) == []


def test_nobody_can_wait_for_a_job() -> None:
    assert len(unmet("web", [DB], {"db"}, (), {"db"})) == 1


def test_a_circle_is_found_once_and_named_as_a_chain() -> None:
    waits_for = {"web": ["a"], "a": ["b", "c"], "b": ["a"], "c": [], "self": ["self"], "far": ["web", "gone"]}

    assert circles(waits_for) == [("a", "b", "a"), ("self", "self")]


def test_apps_that_wait_for_the_same_one_are_no_circle() -> None:
    assert circles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []
