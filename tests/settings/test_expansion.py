from mainstay.settings.expansion import Known


def test_what_the_file_has_said_goes_before_what_was_there() -> None:
    assert Known(before={"A": "old"}).get("A", {"A": "new"}) == "new"


def test_what_is_fixed_goes_before_what_the_file_has_said() -> None:
    assert Known(fixed={"A": "fixed"}).get("A", {"A": "new"}) == "fixed"


def test_what_nobody_set_is_none() -> None:
    assert Known(before={"A": "old"}).get("B", {}) is None


def test_no_value_is_in_its_repr() -> None:
    assert "hunter2" not in repr(Known(before={"A": "hunter2"}, fixed={"B": "hunter2"}))
