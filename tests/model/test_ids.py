from mainstay.model.ids import SlotId, WorkerId


def test_slots_and_workers_are_told_as_people_know_them() -> None:
    worker = WorkerId(SlotId("web", 0), 7, 3)

    assert (str(worker.slot), str(worker)) == ("web-0", "web-0@7")


def test_two_workers_of_one_generation_in_one_slot_have_different_tokens() -> None:
    slot = SlotId("web", 0)

    assert WorkerId(slot, 7, 1).token != WorkerId(slot, 7, 2).token


def test_slots_are_ordered_by_app_and_number() -> None:
    slots = [SlotId("web", 10), SlotId("jobs", 3), SlotId("web", 2)]

    assert [str(slot) for slot in sorted(slots)] == ["jobs-3", "web-2", "web-10"]
