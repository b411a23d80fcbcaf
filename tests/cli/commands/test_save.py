from pathlib import Path

from tests.cli.running import mainstay


def test_nothing_needs_saving_under_either_name(home: Path) -> None:
    for name in ("save", "dump"):
        ran = mainstay(home, name)

        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("nothing needs saving")
    assert not (home / "daemon.sock").exists()
