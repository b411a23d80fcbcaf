import threading

from mainstay.daemon.capture.stall import Stall
from tests.waiting import until


def test_relief_reads_while_a_write_hangs_and_stops_when_told() -> None:
    stall = Stall()
    reports: list[str] = []
    rounds: list[bool] = []
    again = threading.Event()

    def read_round() -> None:
        rounds.append(stall.taken)
        again.wait(0.01)

    relief = threading.Thread(target=stall.relieve, args=(read_round, reports.append), daemon=True)
    relief.start()
    stall.begin("/a.log")
    until(lambda: len(rounds) > 2)
    stall.end()
    stall.take_back()
    seen = len(rounds)
    stall.begin("/b.log")
    stall.end()

    assert reports == ["disk slow: /a.log: output is kept in memory (8 MiB per stream), then dropped"]
    stall.close()
    relief.join(30)
    assert (len(rounds), relief.is_alive()) == (seen, False)


def test_a_disk_that_answers_is_left_alone() -> None:
    stall = Stall()
    reports: list[str] = []
    relief = threading.Thread(target=stall.relieve, args=(lambda: None, reports.append), daemon=True)
    relief.start()
    for _ in range(1000):
        stall.begin("/a.log")
        stall.end()
    stall.close()
    relief.join(30)

    assert (reports, stall.taken) == ([], False)
