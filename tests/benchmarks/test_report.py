"""The report says what was measured, when, on what, and which targets were kept, missed or not measured."""

from pathlib import Path

from benchmarks.report import load, render
from benchmarks.results import Bar, Panel, Section, Table, Target, median, ratio, save, spread

MACHINE = {"CPU": "Test 9000", "cores": "2"}


def saved(folder: Path, *, quick: bool = False) -> None:
    section = Section(
        key="balance",
        title="5. Balance",
        method="How.",
        tables=(Table("Shares", ("server", "fresh"), (("a | b", "1,000 : 1,000"),), "A note."),),
        targets=(Target("even", "yes", True), Target("fast", "0.9", False), Target("small", "not measured", None)),
        panels=(Panel("p", "ms", (Bar("a", 1.0, False),)),),
    )
    save(section, folder, taken={"taken": "2030-01-01", "machine": MACHINE, "quick": quick})


def test_a_section_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved(tmp_path)

    (document,) = load(tmp_path)

    assert document["title"] == "5. Balance"
    assert document["panels"][0]["bars"] == [{"label": "a", "value": 1.0, "ours": False}]


def test_the_report_shows_machine_targets_tables_and_plot(tmp_path: Path) -> None:
    saved(tmp_path)

    text = render(load(tmp_path), "pictures")

    assert "CPU Test 9000, cores 2" in text
    assert "| 5. Balance | even | yes | kept |" in text
    assert "| 5. Balance | fast | 0.9 | **missed** |" in text
    assert "| 5. Balance | small | not measured | not measured |" in text
    assert "| a \\| b | 1,000 : 1,000 |" in text
    assert "![5. Balance](pictures/balance.svg)" in text
    assert "A note." in text


def test_a_quick_run_is_called_one(tmp_path: Path) -> None:
    saved(tmp_path, quick=True)

    assert "Taken 2030-01-01, in a quick run" in render(load(tmp_path), "pictures")


def test_figures_are_a_median_with_its_range() -> None:
    assert spread([3.0, 1.0, 2000.0]) == "3 (1 to 2,000)"
    assert spread([1.25], 1) == "1.2"
    assert spread([]) == "failed"
    assert ratio(1.0, 4.0) == "0.25"
    assert ratio(1.0, 0.0) == "n/a"
    assert median([]) != median([])
