"""Beside the real cross-env: what it spawns, for a table of words and for thousands made up."""

import signal
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstay.cli.chainload.cross_env import CommandRequired, exit_code, is_windows, read
from tests.cli.chainload.original import Oracle, Spawned, Throws

ENVIRON = {"A": "old a", "B": "b", "EMPTY": "", "PATH": "/bin:/usr/bin", "NAME_1": "one", "S": "it's $A"}

PLAIN = r"A B EMPTY PATH NODE_PATH NAME_1 NEW 1 _ é 日本 😀 C:\dir -- -b ./cmd / // .. a/../b"
SIGNS = r"""= == ' " \ \\ \\\ $ ${ } : \: % ? \' \" A= B=' B=" PATH= __proto__= =$A"""
VARIABLES = r"$A ${A} \$A \\$A \\\${A} $NEW ${NEW:-d} ${A:-d} $EMPTY $PATH"
BLANKS = (" ", "\t", "\n", "\r", "\u2028", "x y", "${EMPTY:-d e}")
FRAGMENTS = (*PLAIN.split(), *SIGNS.split(), *VARIABLES.split(), *BLANKS)
PIECES = st.one_of(st.sampled_from(FRAGMENTS), st.text("ab=$'\"\\{}: \n1?", max_size=4))
WORDS = st.lists(PIECES, max_size=6).map("".join).filter(lambda word: "$__proto__" not in word.replace("{", ""))
LINES = st.lists(WORDS, max_size=6)

TABLE: list[tuple[list[str], dict[str, str] | None, list[str]]] = [
    (["A=1", "cmd"], {"A": "1"}, ["cmd"]),
    (["A=1", "B=2", "cmd", "C=3", "x"], {"A": "1", "B": "2"}, ["cmd", "C=3", "x"]),
    (["--b=1", "cmd"], {"b": "1"}, ["cmd"]),
    (["./cmd?x=1", "cmd"], {"x": "1"}, ["cmd"]),
    (["MY-FOO=1", "cmd"], {"FOO": "1"}, ["cmd"]),
    (["1FOO=1", "cmd"], {"1FOO": "1"}, ["cmd"]),
    (["A='x y'", "cmd"], {"A": "x y"}, ["cmd"]),
    (['A="x y"', "cmd"], {"A": "x y"}, ["cmd"]),
    (["A='x'y", "cmd"], {"A": "x"}, ["cmd"]),
    (["A='x", "cmd"], {"A": "'x"}, ["cmd"]),
    (["A=", "cmd"], {"A": ""}, ["cmd"]),
    (["A=''", "cmd"], {"A": ""}, ["cmd"]),
    (["A=a=b", "cmd"], {"A": "a=b"}, ["cmd"]),
    (["A=one\ntwo", "cmd"], {"A": "one"}, ["cmd"]),
    (["A=new", "N=$A", "cmd"], {"A": "new", "N": "old a"}, ["cmd"]),
    (["N=${A}!", "cmd"], {"N": "old a!"}, ["cmd"]),
    (["N=$NOTHING.", "cmd"], {"N": "."}, ["cmd"]),
    (["N=\\$A", "cmd"], {"N": "$A"}, ["cmd"]),
    (["N=\\\\$A", "cmd"], {"N": "\\old a"}, ["cmd"]),
    (["N=\\\\\\$A", "cmd"], {"N": "$A"}, ["cmd"]),
    (["N=${A:-d}", "cmd"], {"N": "${A:-d}"}, ["cmd"]),
    (["N=a\\:b:c", "cmd"], {"N": "a\\:b:c"}, ["cmd"]),
    (["PATH=a\\:b:c", "cmd"], {"PATH": "a:b:c"}, ["cmd"]),
    (["NODE_PATH=x:$PATH", "cmd"], {"NODE_PATH": "x:/bin:/usr/bin"}, ["cmd"]),
    (["A=1"], {"A": "1"}, []),
    ([], {}, []),
    (["", "A=1", "", "cmd", "", "x"], {"A": "1"}, ["cmd", "x"]),
    (["cmd", "it's 'quoted'"], {}, ["cmd", "its quoted"]),
    (["cmd", "it\\'s"], {}, ["cmd", "it's"]),
    (["cmd", "a\\\\b"], {}, ["cmd", "a\\b"]),
    (["cmd", "\\$A", '\\"', "a\\b"], {}, ["cmd", "$A", '"', "a\\b"]),
    (["cmd", "$A", "${A:-d}"], {}, ["cmd", "$A", "${A:-d}"]),
    (["cmd", "''"], {}, ["cmd"]),
    (["A=1", "--", "cmd"], {"A": "1"}, ["--", "cmd"]),
    (["__proto__=1", "cmd"], {}, ["cmd"]),
    (["'"], None, []),
]

WINDOWS: list[tuple[list[str], dict[str, str], list[str]]] = [
    (["PATH=a:b\\:c", "cmd"], {"PATH": "a;b:c"}, ["cmd"]),
    (["cmd", "$A", "${A}", "$NOTHING", "$EMPTY"], {}, ["cmd", "%A%", "%A%", "", ""]),
    (["N=1", "cmd", "$N"], {"N": "1"}, ["cmd", "%N%"]),
    (["cmd", "${A:-d}", "${NOTHING:-d e}"], {}, ["cmd", "old a", "d e"]),
    (["./bin//x/../cmd", "./bin//x"], {}, ["bin/cmd", "./bin//x"]),
    (["//cmd/"], {}, ["/cmd/"]),
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """The real one."""
    with Oracle() as asked:
        yield asked


def ours(words: Sequence[str], environ: Mapping[str, str], *, windows: bool = False) -> Spawned | None:
    """What we would spawn."""
    found = read(words, environ, windows=windows)
    return Spawned(found.command, {**environ, **found.variables}) if found.command else None


@pytest.mark.parametrize(("words", "variables", "command"), TABLE)
def test_words_mean_what_was_recorded(words: list[str], variables: dict[str, str] | None, command: list[str]) -> None:
    if variables is None:
        with pytest.raises(CommandRequired):
            read(words, ENVIRON)
    else:
        found = read(words, ENVIRON)

        assert (found.variables, list(found.command)) == (variables, command)


@pytest.mark.parametrize(("words", "variables", "command"), WINDOWS)
def test_words_mean_on_windows_what_was_recorded(
    words: list[str], variables: dict[str, str], command: list[str]
) -> None:
    found = read(words, ENVIRON, windows=True)

    assert (found.variables, list(found.command)) == (variables, command)


@pytest.mark.parametrize("words", [words for words, _, _ in TABLE])
def test_the_real_one_spawns_the_same(oracle: Oracle, words: list[str]) -> None:
    _alike(oracle, words, ENVIRON)


@pytest.mark.parametrize("words", [words for words, _, _ in WINDOWS])
def test_the_real_one_spawns_the_same_with_the_rules_of_windows(oracle: Oracle, words: list[str]) -> None:
    _alike(oracle, words, {**ENVIRON, "OSTYPE": "msys"})


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=LINES, more=st.sampled_from([{}, {"OSTYPE": "cygwin"}]))
def test_the_real_one_spawns_the_same_for_any_words(oracle: Oracle, words: list[str], more: dict[str, str]) -> None:
    _alike(oracle, words, {**ENVIRON, **more})


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("win32", {}, True),
        ("linux", {}, False),
        ("linux", {"OSTYPE": "linux-gnu"}, False),
        ("linux", {"OSTYPE": "msys"}, True),
        ("linux", {"OSTYPE": "cygwin"}, True),
        ("linux", {"OSTYPE": "msys2"}, False),
    ],
)
def test_the_shell_s_ostype_counts_as_windows(platform: str, environ: dict[str, str], expected: bool) -> None:
    assert is_windows(platform, environ) is expected


@pytest.mark.parametrize(
    ("status", "code"), [(0, 0), (7, 7), (130, 130), (-signal.SIGINT, 0), (-signal.SIGTERM, 1), (-signal.SIGKILL, 1)]
)
def test_an_interrupt_is_a_success_and_every_other_signal_is_1(status: int, code: int) -> None:
    assert exit_code(status, signal.SIGINT) == code


def _alike(oracle: Oracle, words: Sequence[str], environ: Mapping[str, str]) -> None:
    windows = is_windows("linux", environ)
    try:
        expected = oracle.ask(words, environ)
    except Throws:
        with pytest.raises(CommandRequired):
            ours(words, environ, windows=windows)
    else:
        assert ours(words, environ, windows=windows) == expected
