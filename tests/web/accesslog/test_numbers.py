"""Numbers as ECMAScript writes them; compared with node."""

import json
import subprocess
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.numbers import digits_of, fixed, milliseconds
from tests.servers.account import program

FIXED = "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(([v, d]) => v.toFixed(d))))"
RECORDED = [
    (0.0, 0, "0"),
    (0.5, 0, "1"),
    (1.5, 0, "2"),
    (2.5, 0, "3"),
    (-2.5, 0, "-3"),
    (12.500001, 0, "13"),
    (1.005, 2, "1.00"),
    (1.45, 1, "1.4"),
    (8.345, 2, "8.35"),
    (0.0625, 3, "0.063"),
    (0.000001, 7, "0.0000010"),
    (0.1, 20, "0.10000000000000000555"),
    (2.0**-31, 30, "0.000000000465661287307739257813"),
    (1234.5678, 3, "1234.568"),
]


@pytest.mark.parametrize(("value", "digits", "expected"), RECORDED)
def test_a_number_has_so_many_digits(value: float, digits: int, expected: str) -> None:
    assert fixed(value, digits) == expected


@given(st.floats(0, 1e9), st.integers(0, 30))
def test_no_other_text_with_so_many_digits_is_nearer(value: float, digits: int) -> None:
    shown = Fraction(fixed(value, digits))

    assert abs(shown - Fraction(value)) <= Fraction(1, 2 * 10**digits)


@given(st.integers(0, 2**20), st.integers(1, 8), st.integers(0, 10))
def test_what_lies_in_the_middle_is_rounded_up(whole: int, bits: int, digits: int) -> None:
    value = whole + 0.5**bits
    shown, exact = Fraction(fixed(value, digits)), Fraction(value)

    assert shown >= exact or exact - shown < Fraction(1, 2 * 10**digits)


def test_node_writes_the_same() -> None:
    ties = [
        (numerator / 2**bits, digits)
        for numerator in (1, 3, 5, 25, 1001, 12345)
        for bits in range(12)
        for digits in range(12)
    ]
    times = [(number * 1e-6, digits) for number in range(0, 20_000_000, 33_333) for digits in (0, 1, 3)]
    small = [(2.0**-bits, digits) for bits in range(1, 60) for digits in range(0, 101, 10)]
    asked = [*ties, *times, *small]
    done = subprocess.run(
        [program("node"), "-e", FIXED], input=json.dumps(asked), capture_output=True, text=True, check=True
    )

    assert [fixed(value, digits) for value, digits in asked] == json.loads(done.stdout)


@pytest.mark.parametrize(
    ("argument", "digits"),
    [
        *(
            ("0", 0),
            ("3", 3),
            ("007", 7),
            ("100", 100),
            ("101", None),
            ("-1", None),
            ("-0.9", 0),
            ("2.9", 2),
            (".5", 0),
        ),
        *(("1e1", 10), ("0x10", 16), ("0b11", 3), ("0o7", 7), (" 2 ", 2), ("+2", 2), ("x", 0), ("1_0", 0), ("٣", 0)),
        *(("Infinity", None), ("NaN", 0), ("", 0), ("1e400", None), ("1" * 5000, None), ("0x" + "f" * 5000, None)),
    ],
)
def test_an_argument_is_read_as_tofixed_reads_it(argument: str, digits: int | None) -> None:
    assert digits_of(argument) == digits


@given(st.text(max_size=8))
def test_every_argument_is_a_number_of_digits_or_refused(argument: str) -> None:
    digits = digits_of(argument)

    assert digits is None or 0 <= digits <= 100


def test_a_measured_time_is_in_whole_nanoseconds() -> None:
    assert milliseconds(1.0125 - 1.0) == 12.5  # the difference is a bit less
    assert milliseconds(2.5) == 2500.0
    assert milliseconds(0.0) == 0.0
