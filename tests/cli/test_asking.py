import re
from collections.abc import Iterator
from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, Json, came_of, row
from tests.cli.running import OnTerminal, mainstay
from tests.waiting import until


def test_while_the_daemon_works_its_notices_are_shown(home: Path, daemon: FakeDaemon) -> None:
    shown: list[int] = []

    def slow(_args: Json) -> Iterator[Json]:
        yield {"notice": {"text": "web-0 is stopping", "app": "web"}}
        until(lambda: shown)
        yield {"ok": came_of("web", "restarted")}

    daemon.answers["restart"] = slow
    daemon.rows(row("web-0"))
    with OnTerminal(home, "restart", "web", NO_COLOR="1") as command:
        command.until_seen("web-0 is stopping")
        shown.append(1)
        ran = command.ended()

    assert ran.code == 0
    assert ran.out.rpartition("\r\x1b[K")[2].startswith("web restarted\n┌")


def test_a_quick_answer_shows_no_progress(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["restart"] = lambda _args: iter(
        [{"notice": {"text": "web-0 is stopping", "app": "web"}}, {"ok": came_of("", "")}]
    )

    assert mainstay(home, "restart", "web").err == ""


def test_the_start_of_a_daemon_is_told_by_who_started_it(home: Path) -> None:
    ran = mainstay(home, "start", "sleep 1000", "--name", "one")
    again = mainstay(home, "start", "sleep 1000", "--name", "one")
    killed = mainstay(home, "kill")

    assert re.fullmatch(r"started the daemon \(pid [0-9]+\)\n", ran.err)
    assert (again.err, again.out.splitlines()[0]) == ("", "one already runs, nothing changed")
    assert killed.out.startswith("one stopped\nthe daemon (pid")


def test_a_daemon_that_goes_away_is_told(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["restart"] = lambda _args: iter([{"hang up": True}])

    ran = mainstay(home, "restart", "web")

    assert (ran.code, "the daemon closed the connection before it answered" in ran.err) == (1, True)
