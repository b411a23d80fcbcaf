import json
from collections.abc import Iterator
from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, Json, came_of, ok, refused, row
from tests.cli.running import OnTerminal, mainstay
from tests.waiting import until


def test_apps_are_stopped_and_shown(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = ok(came_of("web", "stopped"))
    daemon.rows(row("web-0", status="stopped", pid=None, uptime=None), row("other-0", id=1))

    ran = mainstay(home, "stop", "web", "web-2", "1")

    assert (ran.code, ran.err) == (0, "")
    assert daemon.asked("stop") == [{"selectors": ["web", "web-2", "1"]}]
    assert ran.out.startswith("web stopped\n")
    assert "| stopped |" in ran.out
    assert "other" not in ran.out


def test_what_was_stopped_before_is_told_apart(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = ok(came_of("web", "unchanged", message="was stopped"))

    ran = mainstay(home, "stop", "web")

    assert (ran.code, ran.out) == (0, "web was stopped already\n")


def test_what_survives_is_named_and_fails_the_command(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = ok(came_of("web", "stopped", survivors=[{"pid": 77, "name": "sleep"}]))

    ran = mainstay(home, "stop", "web")

    assert (ran.code, ran.err) == (1, "mainstay: could not end process 77 (sleep): it still runs\n")


def test_an_unknown_name_is_exit_code_3_with_the_nearest(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = refused("no app is called 'wbe'", exit_code=3, hint="did you mean web?")

    ran = mainstay(home, "stop", "wbe")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "mainstay: no app is called 'wbe'\n  hint: did you mean web?\n"


def test_what_was_done_before_an_error_is_shown(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = refused("cannot stop web-1: it does not end", result=came_of("web", "stopped"))
    daemon.rows(row("web-0", status="stopped", pid=None))

    ran = mainstay(home, "stop", "web")

    assert (ran.code, "stopped" in ran.out) == (1, True)


def test_outcomes_are_told_in_the_order_of_the_list(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = ok(came_of("web gone jobs", "stopped"))
    daemon.rows(row("jobs-0"), row("web-0", id=1), row("web-1", id=2))

    assert mainstay(home, "stop", "all").out.startswith("jobs stopped\nweb stopped\ngone stopped\n+--")


def test_where_nothing_was_done_the_error_stands_alone(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = refused("cannot stop web", result=came_of("web", "failed"))
    daemon.rows(row("web-0"))

    ran = mainstay(home, "stop", "web")

    assert (ran.code, ran.out, ran.err) == (1, "", "mainstay: cannot stop web\n")


def test_json_is_the_result_alone(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = lambda _args: iter(
        [{"notice": {"text": "web-0 is stopping", "app": "web"}}, {"ok": came_of("web", "stopped")}]
    )

    ran = mainstay(home, "stop", "web", "--json")

    assert (ran.code, json.loads(ran.out), ran.err) == (0, came_of("web", "stopped"), "")


def test_json_of_a_failure_is_on_stdout_and_its_words_on_stderr(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = refused("cannot stop web", lines=["why"], result=came_of("jobs", "stopped"))

    ran = mainstay(home, "stop", "web", "--json")

    error = {"message": "cannot stop web", "hint": "", "lines": ["why"], "exit_code": 1}
    assert (ran.code, json.loads(ran.out)) == (1, came_of("jobs", "stopped") | {"error": error})
    assert ran.err == "mainstay: cannot stop web\n  | why\n"


def test_json_of_a_refusal_has_the_same_shape(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["stop"] = refused("no app is called 'wbe'", exit_code=3)

    ran = mainstay(home, "stop", "wbe", "--json")

    printed = json.loads(ran.out)
    assert (ran.code, printed["apps"], printed["survivors"], printed["error"]["exit_code"]) == (3, [], [], 3)


def test_nothing_can_be_stopped_without_a_daemon_and_none_is_started(home: Path) -> None:
    ran = mainstay(home, "stop", "web")

    assert (ran.code, ran.err.startswith("mainstay: no daemon runs")) == (1, True)
    assert not home.exists()


def test_ctrl_c_leaves_the_operation_to_the_daemon(home: Path, daemon: FakeDaemon) -> None:
    let_go: list[int] = []

    def never(_args: Json) -> Iterator[Json]:
        yield {"notice": {"text": "web-0 is stopping", "app": "web"}}
        until(lambda: let_go)
        yield {"ok": came_of("web", "stopped")}

    daemon.answers["stop"] = never
    with OnTerminal(home, "stop", "web") as command:
        command.until_seen("web-0 is stopping")
        command.interrupt()
        ran = command.ended()
    let_go.append(1)

    assert ran.code == 130
    assert "the stop goes on in the daemon" in ran.out
    assert "Traceback" not in ran.out


def test_a_daemon_of_another_version_is_mentioned(home: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "0.0.9"}) as daemon:
        daemon.answers["stop"] = ok(came_of("", ""))
        ran = mainstay(home, "stop", "all")

    assert (ran.code, "the daemon is mainstay 0.0.9, this is" in ran.err) == (0, True)
