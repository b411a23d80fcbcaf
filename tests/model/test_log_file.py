from mainstay.model.log_file import index_path, rotated_number, rotated_path


def test_names_of_rotated_files_are_understood() -> None:
    found = [rotated_number("web.log", n) for n in ("web.log.1", "web.log.12.gz", rotated_path("web.log", 3))]

    assert found == [1, 12, 3]


def test_other_names_are_no_rotated_files() -> None:
    others = (
        "web.log",
        "web.log.",
        "web.log.0",
        "web.log.1.times",
        "web.log.gz.tmp",
        "web.log.x",
        "other.1",
        "web.log.²",
    )

    assert {rotated_number("web.log", name) for name in others} == {None}
    assert index_path("web.log") == "web.log.times"
