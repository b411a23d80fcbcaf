import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.cli import app_checks
from mainstay.cli.app_checks import app_findings
from mainstay.cli.findings import Level
from mainstay.model.spec import AppSpec, Command, PythonApp


def web(folder: Path, python: str = sys.executable) -> AppSpec:
    return AppSpec("web", PythonApp("main:app", python), str(folder))


def test_an_app_that_has_what_it_needs_is_ok(tmp_path: Path) -> None:
    (found,) = app_findings(web(tmp_path))

    assert (found.level, found.text.partition(":")[0]) == (
        Level.OK,
        f"Python {sys.version_info[0]}.{sys.version_info[1]}, uvicorn",
    )


def test_a_virtual_environment_that_is_gone_is_told(tmp_path: Path) -> None:
    (found,) = app_findings(web(tmp_path, str(tmp_path / ".venv/bin/python")))

    assert found.level is Level.PROBLEM
    assert "its Python is gone" in found.text


def test_a_server_that_is_not_installed_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 3 12 0\n")
    python.chmod(0o755)
    monkeypatch.setattr(app_checks, "_can_lend", lambda _package: False)
    (found,) = app_findings(web(tmp_path, str(python)))

    assert (found.level, found.mend) == (Level.PROBLEM, f"{python} -m pip install 'mainstay[web]'")


def test_an_old_python_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 3 9 1\n")
    python.chmod(0o755)
    (found,) = app_findings(web(tmp_path, str(python)))

    assert "its Python is 3.9" in found.text


def test_a_folder_or_a_program_that_is_gone_is_told(tmp_path: Path) -> None:
    jobs = AppSpec("jobs", Command(("./run",)), str(tmp_path))

    assert [finding.level for finding in app_findings(jobs)] == [Level.PROBLEM]
    assert [finding.level for finding in app_findings(replace(jobs, cwd="/no/such/folder"))] == [Level.PROBLEM]
    assert [finding.level for finding in app_findings(replace(jobs, program=Command(("/bin/sh",))))] == [Level.OK]
