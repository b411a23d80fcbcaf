import json
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, Json, ok, refused
from tests.cli.running import OnTerminal, mainstay
from tests.waiting import until


@pytest.fixture
def logs(home: Path) -> Path:
    folder = home / "logs"
    folder.mkdir(parents=True)
    home.chmod(0o700)
    (folder / "web-0.out.log").write_text("one\ntwo\n")
    (folder / "jobs-0.err.log").write_text("oops\n")
    return folder


def place(path: Path) -> Json:
    slot, stream, _ = path.name.split(".")
    app, _, index = slot.rpartition("-")
    return {"app": app, "slot": slot, "index": int(index), "stream": stream, "path": str(path)}


@pytest.mark.usefixtures("logs")
def test_the_logs_of_all_apps_are_merged_without_a_daemon(home: Path) -> None:
    ran = mainstay(home, "logs")

    assert ran.code == 0
    assert sorted(ran.out.splitlines()) == ["jobs-0 ! oops", "web-0  | one", "web-0  | two"]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (("web",), ["web-0 | one", "web-0 | two"]),
        (("web", "--lines", "1"), ["web-0 | two"]),
        (("--err",), ["jobs-0 ! oops"]),
        (("web-0", "--out", "--raw"), ["one", "two"]),
        (("--since", "1h", "web"), ["web-0 | one", "web-0 | two"]),
        (("--lines", "0"), []),
    ],
)
@pytest.mark.usefixtures("logs")
def test_what_is_shown_can_be_chosen(home: Path, options: tuple[str, ...], lines: list[str]) -> None:
    assert mainstay(home, "logs", *options).out.splitlines() == lines


@pytest.mark.usefixtures("logs")
def test_json_is_an_object_a_line(home: Path) -> None:
    objects = [json.loads(line) for line in mainstay(home, "logs", "web", "--json").out.splitlines()]

    assert [(o["app"], o["slot"], o["stream"], o["line"]) for o in objects] == [
        ("web", "web-0", "out", "one"),
        ("web", "web-0", "out", "two"),
    ]


def test_the_daemon_says_where_the_files_are(home: Path, tmp_path: Path, daemon: FakeDaemon) -> None:
    elsewhere = tmp_path / "web-0.out.log"
    elsewhere.write_text("from elsewhere\n")
    daemon.answers["streams"] = ok({"streams": [place(elsewhere)]})

    ran = mainstay(home, "logs", "web")

    assert (ran.out, daemon.asked("streams")) == ("web-0 | from elsewhere\n", [{"selectors": ["web"]}])


def test_an_unknown_name_is_exit_code_3(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["streams"] = refused("no app is called 'wbe'", exit_code=3, hint="did you mean web?")

    assert mainstay(home, "logs", "wbe", "-f").code == 3


def test_that_nothing_was_written_is_said(home: Path) -> None:
    ran = mainstay(home, "logs")

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing was written yet\n")


@pytest.mark.parametrize("options", [("--lines", "-1"), ("--since", "soon"), ("--json", "--raw")])
def test_impossible_wishes_are_usage_errors(home: Path, options: tuple[str, ...]) -> None:
    assert mainstay(home, "logs", *options).code == 2


def test_following_shows_each_line_once_and_ends_with_ctrl_c(home: Path, logs: Path) -> None:
    with OnTerminal(home, "logs", "-f", "web", NO_COLOR="1") as command:
        command.until_seen("web-0 | two")
        with open(logs / "web-0.out.log", "a") as file:
            file.write("three\n")
        command.until_seen("web-0 | three")
        command.interrupt()
        ran = command.ended()

    assert (ran.code, ran.out) == (0, "web-0 | one\nweb-0 | two\nweb-0 | three\n")


def test_following_finds_an_app_that_comes_later(home: Path, logs: Path) -> None:
    with OnTerminal(home, "logs", "-f", NO_COLOR="1") as command:
        command.until_seen("web-0  | two")

        with open(logs / "late-0.out.log", "a", buffering=1) as late:
            until(lambda: late.write("hello\n") and "late-0 | hello" in command.seen)
