import pytest

from mainstay.config.document import Document
from mainstay.config.problems import Complaints, ConfigError, Problem, Refused, refuse_all

DOCUMENT = Document("/srv/mainstay.toml", "mainstay.toml", {"apps": [0, [0]], "one": {"bind": ":1"}}, len)


def test_one_problem_is_the_message() -> None:
    error = ConfigError("mainstay.toml", (Problem("mainstay.toml", 3, "apps.web.bnd", "no such key", "use `bind`"),))

    assert str(error) == "cannot use mainstay.toml:3: apps.web.bnd: no such key"
    assert error.hint == "use `bind`"
    assert error.exit_code == 2


def test_several_problems_are_a_line_each_in_the_files_order() -> None:
    complaints = Complaints(DOCUMENT)
    complaints.at(("apps", "web", "bind"), "wrong", "right")
    complaints.at(("apps",), "odd")

    with pytest.raises(ConfigError) as caught:
        complaints.close()

    assert str(caught.value) == "cannot use mainstay.toml: it has 2 mistakes"
    assert caught.value.lines == ("mainstay.toml:1: apps: odd", "mainstay.toml:3: apps.web.bind: wrong; right")


def test_nothing_wrong_raises_nothing() -> None:
    Complaints(DOCUMENT).close()


def test_refusals_of_items_keep_their_places() -> None:
    complaints = Complaints(DOCUMENT)
    try:
        refuse_all([Refused("a").under(0), Refused("b").under(0).under(1)])
    except Refused as error:
        complaints.refused(("apps",), error)

    with pytest.raises(ConfigError) as caught:
        complaints.close()

    assert [problem.key for problem in caught.value.problems] == ["apps[0]", "apps[1][0]"]


def test_a_list_of_one_that_was_written_without_brackets_has_no_positions() -> None:
    complaints = Complaints(DOCUMENT)
    complaints.at(("one", "bind", 0), "wrong")

    with pytest.raises(ConfigError, match=r":2: one\.bind: wrong"):
        complaints.close()
