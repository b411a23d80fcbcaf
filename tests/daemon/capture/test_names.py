from pathlib import Path

from mainstay.daemon.capture import names


def make(folder: Path, *files: str) -> str:
    for file in files:
        (folder / file).write_text(file)
    return str(folder / "a.log")


def listed(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


def test_files_move_up_with_their_indexes_and_the_oldest_goes(tmp_path: Path) -> None:
    path = make(tmp_path, "a.log", "a.log.times", "a.log.1.gz", "a.log.1.times", "a.log.2", "a.log.2.times", "b.log.1")

    names.shift(path, keep=2)

    assert listed(tmp_path) == {
        "a.log.1": "a.log",
        "a.log.1.times": "a.log.times",
        "a.log.2.gz": "a.log.1.gz",
        "a.log.2.times": "a.log.1.times",
        "b.log.1": "b.log.1",
    }


def test_when_none_are_kept_the_file_goes(tmp_path: Path) -> None:
    names.shift(make(tmp_path, "a.log", "a.log.times"), keep=0)

    assert listed(tmp_path) == {}


def test_a_smaller_set_is_pruned(tmp_path: Path) -> None:
    path = make(tmp_path, "a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz", "a.log.3.times", "a.log.11")

    names.prune(path, keep=2)

    assert sorted(listed(tmp_path)) == ["a.log", "a.log.1", "a.log.2.gz"]


def test_a_plain_file_is_found_wherever_it_moved(tmp_path: Path) -> None:
    path = make(tmp_path, "a.log", "a.log.1", "a.log.2")
    inode = (tmp_path / "a.log.1").stat().st_ino
    names.shift(path, keep=5)

    assert names.plain_number(path, inode) == 2
    (tmp_path / "a.log.2").unlink()
    assert names.plain_number(path, inode) is None


def test_a_missing_folder_has_no_rotated_files(tmp_path: Path) -> None:
    assert names.rotated(str(tmp_path / "nowhere" / "a.log")) == []
