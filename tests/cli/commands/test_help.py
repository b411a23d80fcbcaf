from pathlib import Path

from tests.cli.running import mainstay


def test_the_help_of_a_command_is_the_same_both_ways(home: Path) -> None:
    by_help, by_option = mainstay(home, "help", "ls"), mainstay(home, "list", "--help")

    assert by_help.out == by_option.out
    assert "examples:" in by_help.out
    assert (by_help.code, by_option.code) == (0, 0)


def test_help_for_an_unknown_command_is_a_usage_error(home: Path) -> None:
    assert mainstay(home, "help", "nothing").code == 2


def test_the_overview_fits_80_columns(home: Path) -> None:
    lines = mainstay(home, "help").out.splitlines()

    assert [line for line in lines if len(line) > 80] == []
