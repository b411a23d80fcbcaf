import json

from mainstay.cli.chainload.shown import Shown
from mainstay.cli.chainload.variables import Outcome
from mainstay.cli.masking import MASK
from mainstay.protocol.jsontext import dumps
from tests.cli.terminals import pipe, screen


def outcome(**variables: str) -> Outcome:
    """Variables set on the command line, besides one that was there before."""
    made = Outcome({"OLD_TOKEN": "inherited-token"})
    for name, value in variables.items():
        made.give(name, value, "command line")
    return made


def test_each_variable_is_shown_with_where_it_came_from() -> None:
    made = outcome(A="1")
    made.give("FROM", "x", ".env:3")
    made.environ["KEPT"] = "old"
    made.keep("KEPT", ".env:4")
    made.remove("GONE")

    assert Shown(made, ["cmd", "a b"]).lines(pipe()) == [
        "A     command line  1",
        "FROM  .env:3        x",
        "GONE  -u            (not set)",
        "KEPT  environment   old  (not from .env:4)",
        "runs: cmd 'a b'",
    ]


def test_secrets_are_masked_wherever_they_turn_up() -> None:
    made = outcome(PASSWORD="hunter2", URL="postgres://shop:pa55@db/x", GREETING="hunter2 and inherited-token")
    words = ["cmd", "-phunter2", "--token=abc", "--secret", "abc", "--keys", "-x", "http://u:secret@h/", "API_KEY=x"]
    shown = Shown(made, words)

    assert [row.value for row in shown.rows] == [f"{MASK} and {MASK}", MASK, f"postgres://shop:{MASK}@db/x"]
    rest = [f"http://u:{MASK}@h/", f"API_KEY={MASK}"]
    assert shown.words == ["cmd", f"-p{MASK}", f"--token={MASK}", "--secret", MASK, "--keys", "-x", *rest]
    assert not any(
        secret in text
        for text in (dumps(shown.as_json()), *shown.lines(screen()))
        for secret in ("hunter2", "inherited-token", "pa55", "secret@", "abc")
    )


def test_a_secret_that_holds_another_is_masked_whole() -> None:
    made = outcome(A_TOKEN="abcd", B_TOKEN="abcdefgh", TEXT="<abcdefgh> <abcd>")

    assert Shown(made, []).rows[2].value == f"<{MASK}> <{MASK}>"


def test_a_secret_of_a_few_characters_masks_only_itself() -> None:
    assert [row.value for row in Shown(outcome(KEY="1", PORT="8001"), []).rows] == [MASK, "8001"]


def test_what_a_terminal_must_not_get_is_escaped() -> None:
    lines = Shown(outcome(A="\x1b]0;title\x07\n"), ["cmd", "\x1b[2J"]).lines(screen())

    assert lines == ["A  command line  \\x1b]0;title\\x07\\x0a", "runs: cmd '\\x1b[2J'"]


def test_json_has_it_all() -> None:
    made = outcome(A="\udcff")
    made.remove("GONE")

    assert json.loads(dumps(Shown(made, ["cmd", ""]).as_json())) == {
        "variables": [
            {"name": "A", "value": "\udcff", "source": "command line", "unused": None},
            {"name": "GONE", "value": None, "source": "-u", "unused": None},
        ],
        "command": ["cmd", ""],
    }


def test_nothing_is_shown_of_nothing() -> None:
    assert Shown(Outcome({"A": "1"}), []).lines(pipe()) == []
