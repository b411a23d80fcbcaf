import pytest

from mainstay.settings.database.pool import size_for


@pytest.mark.parametrize(
    ("environ", "size"),
    [
        ({}, 40),
        ({"MAINSTAY_INSTANCES": "1", "MAINSTAY_THREADS": "40"}, 40),
        ({"MAINSTAY_INSTANCES": "4", "MAINSTAY_THREADS": "40"}, 16),
        ({"MAINSTAY_INSTANCES": "4", "MAINSTAY_THREADS": "8"}, 8),
        ({"MAINSTAY_INSTANCES": "200", "MAINSTAY_THREADS": "8"}, 1),
        ({"WEB_CONCURRENCY": "7"}, 10),
        ({"MAINSTAY_INSTANCES": "3", "WEB_CONCURRENCY": "7"}, 20),
        ({"WEB_CONCURRENCY": "many", "MAINSTAY_THREADS": "-1"}, 40),
    ],
)
def test_a_process_takes_its_share(environ: dict[str, str], size: int) -> None:
    assert size_for(80, environ) == size


def test_all_workers_and_one_more_stay_within_what_they_may_have() -> None:
    for workers in range(1, 80):
        share = size_for(80, {"MAINSTAY_INSTANCES": str(workers), "MAINSTAY_THREADS": "1000"})

        assert share * (workers + 1) <= 80
