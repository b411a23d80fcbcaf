from mainstay.model.status import Mark, Status


def test_statuses_are_the_words_people_know() -> None:
    words = {status.value for status in Status}

    assert words == {"online", "launching", "stopping", "stopped", "waiting restart", "errored", "scheduled"}


def test_marks_are_not_statuses() -> None:
    assert not {mark.value for mark in Mark} & {status.value for status in Status}
