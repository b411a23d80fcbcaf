"""The supervisors' own lists are understood, and what is no list shows nobody."""

from benchmarks.supervisors import understand_circusctl, understand_supervisorctl

STATUS = """\
app:app-0                        RUNNING   pid 28761, uptime 0:00:03
app:app-1                        STARTING
app:app-2                        RUNNING   pid 28762, uptime 1 day, 0:00:03
"""


def test_supervisorctl_shows_who_runs() -> None:
    assert understand_supervisorctl(STATUS) == [28761, 28762]
    assert understand_supervisorctl("unix:///tmp/x/supervisor.sock refused connection\n") == []


def test_circusctl_shows_the_processes_of_a_watcher() -> None:
    assert understand_circusctl("30415,30416\n") == [30415, 30416]
    assert understand_circusctl("30415\n") == [30415]
    assert understand_circusctl("\n") == []
    assert understand_circusctl("Timed out.\n#1 The Circus daemon could not be reached.\n") == []
