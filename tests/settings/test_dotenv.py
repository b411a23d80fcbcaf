from pathlib import Path

import pytest
from hypothesis import given

from mainstay.settings.diagnostics import DotenvError, Kind
from mainstay.settings.dotenv import Dialect, parse, read
from mainstay.settings.expansion import Known
from tests.settings.dotenv_texts import texts

DIALECTS: tuple[Dialect, ...] = ("dotenv", "python-dotenv", "shell")


def kinds(source: str | bytes) -> list[tuple[int, Kind]]:
    return [(odd.line, odd.kind) for odd in parse(source).diagnostics]


def test_each_dialect_reads_in_its_own_way() -> None:
    text = "A=x#y\nB=\"$A ${A}\"\nC='it\\'s'\n"

    assert [parse(text, dialect=dialect).values for dialect in DIALECTS] == [
        {"A": "x", "B": "$A ${A}", "C": "it\\'s"},
        {"A": "x#y", "B": "$A x#y", "C": "it's"},
        {"A": "x#y", "B": "x#y x#y"},
    ]


def test_a_dialect_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no dialect is called 'ruby': there are dotenv, python-dotenv and shell"):
        parse("A=1", dialect="ruby")  # type: ignore[arg-type]  # what the test shows


def test_what_is_known_is_expanded() -> None:
    assert parse("A=${B}", dialect="shell", known=Known(before={"B": "b"})).values == {"A": "b"}


@pytest.mark.parametrize(
    ("source", "line", "kind"),
    [
        ("A=1\n\nA=2", 3, Kind.DUPLICATE),
        ("A=1\nB=2\r\nC=3", 2, Kind.LINE_ENDS),
        ("A=1\rB=2", 1, Kind.LINE_ENDS),
        ("\ufeffA=1", 1, Kind.BOM),
        (b"\xef\xbb\xbfA=1", 1, Kind.BOM),
        (b"A=1\nB=\xff", 2, Kind.NOT_UTF8),
        ("A=1\nB=a\0b", 2, Kind.NUL),
        (
            "A=encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt+Z9HPMfLEIRVz50hmLXPXRuDBXaJi/LwWYEVUNiq0HISr",
            1,
            Kind.ENCRYPTED,
        ),
    ],
)
def test_what_is_odd_in_any_dialect_is_told(source: str | bytes, line: int, kind: Kind) -> None:
    assert kinds(source) == [(line, kind)]


def test_a_replacement_character_of_the_author_is_not_bad_utf8() -> None:
    assert kinds("A=\ufffd".encode()) == []


def test_diagnostics_are_in_the_order_of_the_lines() -> None:
    assert [line for line, _ in kinds("A=1\nB\nA=2\r\nC=3#4\nD='\n")] == [2, 3, 3, 4, 5]


def test_strict_reading_makes_an_error_of_all_that_is_odd() -> None:
    with pytest.raises(DotenvError) as caught:
        parse("A=1\nB\nA=2", strict=True)

    assert str(caught.value) == (
        "cannot read .env: 2 mistakes\n"
        "  .env:2: not of the form NAME=value\n"
        "  .env:3: A: is in line 1 too, and this one counts"
    )


def test_strict_reading_of_an_ordinary_text_gives_its_values() -> None:
    assert parse("A=1 # one\nB='2'\n", strict=True).values == {"A": "1", "B": "2"}


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_bytes("\ufeffA=é\r\n".encode())

    assert read(file).values == {"A": "é"}


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_strict_reading_of_a_file_names_it(tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_text("A")

    with pytest.raises(DotenvError, match=r"/my\.env:1: not of the form NAME=value$"):
        read(file, strict=True)


def test_line_ends_of_a_file_are_line_feeds_to_python_dotenv(tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_bytes(b"A='x\r\ny'\r\n")

    assert read(file, dialect="python-dotenv").values == {"A": "x\ny"}


@given(texts)
def test_any_text_is_read_in_every_dialect_and_no_diagnostic_holds_a_value(text: str) -> None:
    for dialect in DIALECTS:
        found = parse(f"PASSWORD=hunter2\n{text}\nPASSWORD='hunter2", dialect=dialect)

        assert found.values.keys() >= {"PASSWORD"}
        assert not any("hunter2" in str(odd) for odd in found.diagnostics)
