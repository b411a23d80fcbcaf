from mainstay.cli.findings import Level, counted, ok, problem, warn


def test_what_is_not_ok_says_how_to_mend_it() -> None:
    assert (ok("clock", "makes sense").level, ok("clock", "makes sense").mend) == (Level.OK, "")
    assert (warn("a", "b", "c").level, warn("a", "b", "c").mend) == (Level.WARN, "c")
    assert problem("a", "b", "c").level is Level.PROBLEM


def test_one_is_no_plural() -> None:
    assert [counted(number, "problem") for number in (0, 1, 2)] == ["0 problems", "1 problem", "2 problems"]
