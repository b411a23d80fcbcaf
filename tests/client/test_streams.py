from pathlib import Path

import pytest

from mainstay.client.connection import open_connection
from mainstay.client.logs import Stream
from mainstay.client.streams import streams_expected, streams_of, streams_on_disk
from mainstay.errors import NoSuchName
from mainstay.model.spec import AppSpec, Command, LogPolicy
from tests.cli.fake_daemon import FakeDaemon, ok


@pytest.fixture
def home(tmp_path: Path) -> str:
    (tmp_path / "logs").mkdir()
    for name in (
        "web-0.out.log",
        "web-0.err.log",
        "web-template.err.log",
        "my-app-1.out.log",
        "web-0.out.log.1",
        "x.log",
    ):
        (tmp_path / "logs" / name).touch()
    return str(tmp_path)


def names(streams: list[Stream]) -> list[str]:
    return [f"{stream.app} {stream.slot} {stream.index} {stream.stream}" for stream in streams]


def test_files_tell_whose_they_are(home: str) -> None:
    assert names(streams_on_disk(home, [])) == [
        "my-app my-app-1 1 out",
        "web web-0 0 err",
        "web web-0 0 out",
        "web web-template -1 err",
    ]


@pytest.mark.parametrize(("selector", "count"), [("all", 4), ("web", 3), ("web-0", 2), ("my-app-1", 1)])
def test_files_are_selected_by_app_and_slot(home: str, selector: str, count: int) -> None:
    assert len(streams_on_disk(home, [selector])) == count


def test_a_name_without_files_is_refused(home: str) -> None:
    with pytest.raises(NoSuchName, match="no log of 'nope'"):
        streams_on_disk(home, ["web", "nope"])


def test_no_folder_means_no_streams(tmp_path: Path) -> None:
    assert streams_on_disk(str(tmp_path), []) == []


def test_the_daemon_tells_where_the_files_are(tmp_path: Path) -> None:
    place = {"app": "web", "slot": "web-0", "index": 0, "stream": "out", "path": "/var/log/web.log"}
    with FakeDaemon(str(tmp_path)) as daemon:
        daemon.answers["streams"] = ok({"streams": [place]})
        client = open_connection(f"{daemon.home}/daemon.sock")
        assert client is not None
        with client:
            streams = streams_of(client, ["web"])

    assert streams == [Stream("web", "web-0", 0, "out", "/var/log/web.log")]
    assert daemon.asked("streams") == [{"selectors": ["web"]}]


def test_what_an_app_will_write_to_is_known_before_it_is_started() -> None:
    spec = AppSpec("web", Command(("sleep", "1")), "/", instances=0, logs=LogPolicy(err="/var/log/web.err"))
    found = streams_expected("/home/m", [spec], cores=2)

    assert [stream.path for stream in found if stream.stream == "out"] == [
        "/home/m/logs/web-template.out.log",
        "/home/m/logs/web-0.out.log",
        "/home/m/logs/web-1.out.log",
    ]
    assert {stream.path for stream in found if stream.stream == "err"} == {"/var/log/web.err"}
