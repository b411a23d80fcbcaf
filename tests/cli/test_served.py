import os
from pathlib import Path

import pytest

from mainstay.cli.app_options import AppOptions
from mainstay.cli.served import Served
from mainstay.client.logs import Stream
from mainstay.errors import UsageError
from tests.cli.fake_daemon import Json


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path / "home"))
    return tmp_path


def options(*targets: str) -> AppOptions:
    made = AppOptions()
    made.targets = list(targets)
    return made


def specs(served: Served, mode: str = "start") -> list[Json]:
    ((verb, args),) = served.requests(mode)
    assert verb == "apply"
    assert args["mode"] == mode
    found: list[Json] = args["specs"]  # type: ignore[assignment]
    return found


def test_the_file_here_is_read_anew_each_time(folder: Path) -> None:
    file = folder / "mainstay.toml"
    file.write_text('[apps.one]\ncommand = "sleep 1"\n')
    served = Served(options())
    first = [spec["name"] for spec in specs(served)]
    file.write_text('[apps.two]\ncommand = "sleep 1"\n')

    assert (first, [spec["name"] for spec in specs(served, "reload")]) == (["one"], ["two"])


def test_log_files_are_bounded_where_nobody_asked_for_any(folder: Path) -> None:
    (folder / "mainstay.toml").write_text(
        '[apps.one]\ncommand = "sleep 1"\n[apps.two]\ncommand = "sleep 1"\nlogs = { keep = 9 }\n'
    )
    served = Served(options())

    assert [spec["logs"]["keep"] for spec in specs(served)] == [1, 9]
    assert served.bounded == {"one"}


def test_several_targets_need_names_of_their_own() -> None:
    with pytest.raises(UsageError, match="two apps are called sleep"):
        Served(options("sleep 1", "sleep 2")).requests()


def test_without_a_file_what_was_started_before_is_served(folder: Path) -> None:
    (folder / "home").mkdir()
    (folder / "home" / "state.json").touch()
    served = Served(options())

    assert served.requests() == [("resurrect", {})]
    assert served.requests("reload") == [("reload", {"selectors": ["all"]})]


def test_with_nothing_to_serve_it_is_said_what_is_missing() -> None:
    with pytest.raises(UsageError, match=r"has no mainstay\.toml"):
        Served(options()).requests()


def test_log_files_that_nobody_asked_for_are_removed_and_no_others(folder: Path) -> None:
    (folder / "mainstay.toml").write_text(
        '[apps.one]\ncommand = "sleep 1"\n[apps.two]\ncommand = "sleep 1"\nlogs = { keep = 9 }\n'
    )
    served = Served(options())
    served.requests()
    logs = folder / "home" / "logs"
    logs.mkdir(parents=True)
    for name in ("one-0.out.log", "one-0.out.log.1", "one-0.out.log.times", "one-0.out.logs", "two-0.out.log"):
        (logs / name).touch()
    streams = [Stream(app, f"{app}-0", 0, "out", str(logs / f"{app}-0.out.log")) for app in ("one", "two")]

    served.forget_logs(str(folder / "home"), streams)

    assert sorted(os.listdir(logs)) == ["one-0.out.logs", "two-0.out.log"]
