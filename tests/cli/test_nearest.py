from mainstay.cli.nearest import nearest


def test_a_slip_of_the_finger_is_recognised() -> None:
    assert nearest("relaod", ["reload", "restart"]) == "reload"


def test_nothing_is_near_to_something_else() -> None:
    assert nearest("xyzzy", ["reload", "restart"]) == ""
