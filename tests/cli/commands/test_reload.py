from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, refused, row
from tests.cli.running import mainstay


@pytest.mark.parametrize(
    ("options", "verb", "args", "outcome"),
    [
        ((), "reload", {"canary": None}, "reloaded"),
        (("--canary", "10%"), "reload", {"canary": 10}, "canary"),
        (("--continue",), "rollout", {"action": "continue"}, "reloaded"),
        (("--abort",), "rollout", {"action": "abort"}, "aborted"),
    ],
)
def test_a_reload_and_its_canary(
    home: Path, daemon: FakeDaemon, options: tuple[str, ...], verb: str, args: dict[str, object], outcome: str
) -> None:
    daemon.answers[verb] = ok(came_of("web", outcome))
    daemon.rows(row("web-0"))

    ran = mainstay(home, "reload", "web", *options)

    assert (ran.code, daemon.asked(verb)) == (0, [{"selectors": ["web"], **args}])
    assert ran.out.startswith("web ")


def test_a_canary_says_once_what_to_do_next(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["reload"] = ok(
        came_of("web", "canary", message="holds with 10 % of new connections on generation 4")
    )
    daemon.rows(row("web-0", rollout="canary 10%"), row("web-0", rollout="canary 10%", marks=["canary"], generation=4))

    ran = mainstay(home, "reload", "web", "--canary", "10%")

    assert ran.out.splitlines()[:2] == [
        "web holds with 10 % of new connections on generation 4",
        "  `mainstay reload web --continue` or `--abort`",
    ]
    assert ran.out.count("--continue") == 1
    assert "online, canary" in ran.out


def test_bad_code_is_refused_with_its_own_last_words(home: Path, daemon: FakeDaemon) -> None:
    lines = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'shopx'"]
    daemon.answers["reload"] = refused("cannot reload web: exit code 1", lines=lines, hint="the old code serves on")

    ran = mainstay(home, "reload", "web")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "mainstay: cannot reload web: exit code 1",
        "  | Traceback (most recent call last):",
        "  | ModuleNotFoundError: No module named 'shopx'",
        "  hint: the old code serves on",
    ]


@pytest.mark.parametrize("share", ["0%", "100", "ten", "-5", "10.5"])
def test_a_share_that_makes_no_canary_is_refused(home: Path, share: str) -> None:
    ran = mainstay(home, "reload", "web", f"--canary={share}")

    assert (ran.code, "cannot start a canary" in ran.err) == (2, True)


def test_a_canary_is_continued_or_aborted_but_not_both(home: Path) -> None:
    assert mainstay(home, "reload", "web", "--continue", "--abort").code == 2


def test_a_file_is_applied_as_a_reload(home: Path, daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text("[apps.jobs]\ncommand = ['sleep', '60']\n")
    daemon.answers["apply"] = ok(came_of("jobs", "changed", "command (restart)"))

    ran = mainstay(home, "reload", "mainstay.toml", cwd=tmp_path)

    (asked,) = daemon.asked("apply")
    assert (ran.code, asked["mode"], asked["source"]) == (0, "reload", str(tmp_path / "mainstay.toml"))
    assert ran.out == "jobs changed\n  command (restart)\n"


def test_what_a_file_has_no_more_is_named_or_removed(home: Path, daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text("[apps.jobs]\ncommand = ['sleep', '60']\n")
    daemon.answers |= {"apply": ok(came_of("jobs", "reloaded")), "delete": ok(came_of("old", "deleted"))}
    gone = {"app": "old", "action": "remove", "way": "", "changes": [], "in_the_way": False}
    daemon.answers["plan"] = ok({"apps": [gone]})

    named = mainstay(home, "reload", "mainstay.toml", cwd=tmp_path)
    removed = mainstay(home, "reload", "mainstay.toml", "--prune", cwd=tmp_path)

    assert named.err == "mainstay: old goes on: its file does not declare it any more\n  hint: --prune removes it\n"
    assert (removed.code, removed.err, removed.out) == (0, "", "jobs reloaded\nold deleted\n")
    assert daemon.asked("delete") == [{"selectors": ["old"]}]


def test_only_a_file_can_be_pruned(home: Path, daemon: FakeDaemon) -> None:
    ran = mainstay(home, "reload", "web", "--prune")

    assert (ran.code, "--prune goes with a config file" in ran.err) == (2, True)
    assert daemon.requests == []


def test_the_shell_is_sent_along_when_asked_for(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["reload"] = ok(came_of("web", "reloaded"))

    mainstay(home, "reload", "web", "--update-env", COLOUR="blue")

    (asked,) = daemon.asked("reload")
    (layer,) = asked["env_layers"]
    assert (layer["source"], layer["values"]["COLOUR"]) == ("shell", "blue")
