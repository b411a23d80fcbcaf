import pytest

from mainstay.cli.arguments import Parser, ours_and_more, print_json
from mainstay.errors import UsageError


class Options:
    selectors: list[str]

    def __init__(self) -> None:
        self.json = False
        self.lines = 15


def parser() -> Parser:
    made = Parser("show", "Show it.", (("mainstay show web", "one app"),))
    made.add_selectors()
    made.add_argument("--lines", type=int)
    made.add_json()
    return made


def test_options_keep_their_defaults_until_they_are_given() -> None:
    options = parser().read(["web"], Options())

    assert (options.selectors, options.json, options.lines) == (["web"], False, 15)


def test_options_may_stand_between_names() -> None:
    options = parser().read(["web", "--lines", "3", "jobs", "--json"], Options())

    assert (options.selectors, options.json, options.lines) == (["web", "jobs"], True, 3)


@pytest.mark.parametrize(
    ("argv", "cause"),
    [
        ([], "SELECTOR is missing"),
        (["web", "--lin", "3"], "unrecognized arguments: --lin"),
        (["web", "--lines", "x"], "invalid int"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error_with_a_way_on(argv: list[str], cause: str) -> None:
    with pytest.raises(UsageError, match=cause) as raised:
        parser().read(argv, Options())
    assert raised.value.hint == "`mainstay show --help` shows what it takes"


def test_help_shows_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().read(["--help"], Options())

    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith("examples:\n  mainstay show web  one app\n")


def test_help_is_as_wide_as_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    made = Parser(
        "show", "Show it,\n" + "and more " * 10, (("mainstay show web", "what an app is and does"), ("x", ""))
    )

    with pytest.raises(SystemExit):
        made.read(["--help"], Options())

    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 40
    assert text.endswith("examples:\n  mainstay show web\n      what an app is and does\n  x\n")


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, "x\ny"]})

    assert capsys.readouterr().out == '{"a":[1,"x\\ny"]}\n'


@pytest.mark.parametrize(
    ("argv", "ours", "more"),
    [
        (["a", "-b"], ["a", "-b"], []),
        (["a", "--", "-b", "--", "c"], ["a"], ["-b", "--", "c"]),
        (["--"], [], []),
    ],
)
def test_what_stands_behind_two_dashes_is_not_for_us(argv: list[str], ours: list[str], more: list[str]) -> None:
    assert ours_and_more(argv) == (ours, more)
