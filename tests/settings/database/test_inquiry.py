"""Run as the command runs it: by path, in another interpreter's process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from mainstay.settings.database import inquiry
from mainstay.settings.database.inquiry import Answer, Question

FILE = """\
from mainstay.settings.database import Database, Sections, secret
print("printed by the file")
databases = Sections(
    development=Database("sqlite:///shop.db"),
    production=Database(secret("DATABASE_URL")),
    staging=Database("sqlite:///staging.db"),
)
"""
URL = "postgresql://shop:hunter2@127.0.0.1:1/shop"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "database.py").write_text(FILE)
    return tmp_path


def ask(project: Path, what: str = "url", environment: str = "", reveal: bool = False, **env: str) -> Answer:
    answer, err = told(project, what, environment, reveal, **env)
    assert err == "printed by the file\n"
    return answer


def told(
    project: Path, what: str = "url", environment: str = "", reveal: bool = False, **env: str
) -> tuple[Answer, str]:
    question: Question = {
        "ask": what,
        "target": str(project / "database.py"),
        "attribute": "",
        "root": str(project),
        "environment": environment,
        "reveal": reveal,
        "timeout": 5.0,
    }
    ran = subprocess.run(
        [sys.executable, inquiry.__file__, json.dumps(question)],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return cast("Answer", json.loads(ran.stdout)), ran.stderr


def test_it_needs_no_mainstay_in_the_interpreter_and_what_is_printed_is_apart(project: Path) -> None:
    assert ask(project) == {"environment": "development", "url": "sqlite:///shop.db"}


def test_the_url_is_masked_unless_it_is_to_be_revealed(project: Path) -> None:
    masked = ask(project, environment="production", DATABASE_URL=URL)
    revealed = ask(project, environment="production", reveal=True, DATABASE_URL=URL)

    assert masked["url"] == "postgresql://shop:***@127.0.0.1:1/shop"
    assert revealed["url"] == URL


def test_variables_may_stand_in_env_files(project: Path) -> None:
    (project / ".env.production").write_text(f"DATABASE_URL={URL}\n")

    assert ask(project, environment="production")["url"] == "postgresql://shop:***@127.0.0.1:1/shop"


def test_what_is_odd_about_env_files_is_told_beside_the_answer(project: Path) -> None:
    (project / ".env").write_text("DB_PASSWORD=hunter2\n")
    (project / ".env").chmod(0o644)

    answer, err = told(project)

    assert answer["environment"] == "development"
    assert err.startswith(f"warning: {project / '.env'}: ")
    assert "hunter2" not in err


def test_a_broken_env_file_is_an_error_of_its_own(project: Path) -> None:
    (project / ".env").write_text("APP_ENV=production\n")

    answer, _ = told(project)

    assert "APP_ENV" in answer["error"]


def test_a_section_of_another_name_can_be_asked_for(project: Path) -> None:
    assert ask(project, environment="staging")["url"] == "sqlite:///staging.db"


def test_a_check_says_what_answers(project: Path) -> None:
    (project / "shop.db").touch()

    answer = ask(project, "check")

    assert answer["server"] == "SQLite"
    assert answer["latency_ms"] >= 0


def test_a_check_that_fails_says_where_it_failed(project: Path) -> None:
    answer = ask(project, "check", "production", DATABASE_URL=URL)

    assert answer["error"].startswith("cannot connect to postgresql://shop:***@127.0.0.1:1/shop (production): ")
    assert answer["url"] == "postgresql://shop:***@127.0.0.1:1/shop"
    assert "hunter2" not in json.dumps(answer)


def test_a_client_comes_with_its_password(project: Path) -> None:
    answer = ask(project, "client", "production", DATABASE_URL=URL)

    assert answer["programs"] == ["psql"]
    assert answer["env"]["PGPASSWORD"] == "hunter2"


def test_an_unknown_environment_is_an_answer(project: Path) -> None:
    answer = ask(project, environment="prod")

    assert answer == {
        "error": "no database is declared for the environment 'prod'",
        "hint": "there are sections: development, production, staging",
    }


def test_modules_of_the_project_are_not_shadowed_by_ours(project: Path) -> None:
    (project / "pool.py").write_text("MINE = True\n")
    (project / "database.py").write_text(f"from pool import MINE\n{FILE}")

    assert ask(project)["environment"] == "development"
