import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from tests.cli.chainload.executing import ignored, script
from tests.cli.running import mainstay
from tests.servers.database import Database
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres

FILE = """\
from mainstay.settings.database import Database, Sections, secret

databases = Sections(
    development=Database("sqlite:///shop.db"),
    production=Database(secret("DATABASE_URL")),
)
"""
NOWHERE = "postgresql://shop:hunter2@127.0.0.1:1/shop"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a SQLite database that is there, and another one in production."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "database.py").write_text(FILE)
    (tmp_path / "shop.db").touch()
    return tmp_path


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Each kind of server."""
    with postgres() if request.param == "postgresql" else mariadb() as database:
        yield database


def test_check_says_which_server_answers(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "check", cwd=project)

    first, second = ran.out.splitlines()
    assert ran.code == 0
    assert first.startswith("SQLite 3.")
    assert " ms, answers in " in first
    assert second == "development: sqlite:///shop.db"


def test_check_reaches_a_real_server(home: Path, project: Path, server: Database) -> None:
    ran = mainstay(home, "db", "check", "--env", "production", "--json", cwd=project, DATABASE_URL=server.url())

    answer = json.loads(ran.out)
    assert ran.code == 0
    assert (answer["ok"], answer["environment"]) == (True, "production")
    assert answer["server"] in ("PostgreSQL", "MariaDB")
    assert answer["url"] == str(sqlalchemy.make_url(server.url()))
    assert answer["latency_ms"] > 0


def test_check_that_fails_says_why_and_exits_1(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "check", "--env", "production", cwd=project, DATABASE_URL=NOWHERE)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("mainstay: cannot connect to postgresql://shop:***@127.0.0.1:1/shop (production): ")
    assert len(ran.err.splitlines()) == 1


def test_check_that_fails_is_an_object_too(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "check", "--env", "production", "--json", cwd=project, DATABASE_URL=NOWHERE)

    answer = json.loads(ran.out)
    assert (ran.code, ran.err) == (1, "")
    assert (answer["ok"], answer["environment"]) == (False, "production")
    assert answer["error"].startswith("cannot connect to")
    assert "hunter2" not in ran.out


def test_what_is_missing_is_told_at_once(home: Path, project: Path) -> None:
    (project / "config" / "database.py").write_text(
        FILE.replace('secret("DATABASE_URL")', 'driver="postgresql", host=secret("A"), user=secret("B"), database="c"')
    )

    ran = mainstay(home, "db", "check", "--env", "production", cwd=project)

    assert ran.code == 1
    assert ran.err == "mainstay: cannot use the database section production: A is not set; B is not set\n"


def test_an_unknown_environment_is_told_which_there_are(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "check", "--env", "staging", cwd=project)

    assert ran.code == 1
    assert ran.err.splitlines() == [
        "mainstay: no database is declared for the environment 'staging'",
        "  hint: there are sections: development, production",
    ]


def test_a_bad_url_is_not_shown(home: Path, project: Path) -> None:
    bad = NOWHERE.replace("hunter2", "hun@ter2")

    ran = mainstay(home, "db", "check", "--env", "production", cwd=project, DATABASE_URL=bad)

    assert ran.code == 1
    assert "an @ in its password has to be written %40" in ran.err
    assert "ter2" not in ran.err


def test_url_is_masked(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "url", "--env", "production", cwd=project, DATABASE_URL=NOWHERE)
    told = mainstay(home, "db", "url", "--env", "production", "--json", cwd=project, DATABASE_URL=NOWHERE)

    assert (ran.code, ran.out) == (0, "postgresql://shop:***@127.0.0.1:1/shop\n")
    assert json.loads(told.out) == {"environment": "production", "url": "postgresql://shop:***@127.0.0.1:1/shop"}


def test_url_is_revealed_when_asked(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "url", "--reveal", "--env", "production", cwd=project, DATABASE_URL=NOWHERE)

    assert (ran.code, ran.out) == (0, f"{NOWHERE}\n")


def test_url_needs_no_connection_and_app_env_says_which(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "url", "config/database.py", cwd=project, APP_ENV="production", DATABASE_URL=NOWHERE)

    assert ran.out == "postgresql://shop:***@127.0.0.1:1/shop\n"


def test_shell_opens_the_client_of_a_real_server(home: Path, project: Path, server: Database) -> None:
    ask = ["-tAc", "SELECT 40 + 2"] if server.dialect == "postgresql" else ["-N", "-e", "SELECT 40 + 2"]

    ran = mainstay(home, "db", "shell", "--env", "production", "--", *ask, cwd=project, DATABASE_URL=server.url())

    assert (ran.code, ran.out) == (0, "42\n")


def test_shell_opens_sqlite(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "shell", "--", "SELECT 40 + 2", cwd=project)

    assert (ran.code, ran.out) == (0, "42\n")


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb"])
def test_the_password_is_in_no_command_line(home: Path, project: Path, dialect: str) -> None:
    for name in ("psql", "mysql", "mariadb"):
        script(project / "bin", name, '#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline\necho\nenv\n')
    path = f"{project / 'bin'}:{os.environ['PATH']}"
    url = NOWHERE.replace("postgresql", dialect)

    ran = mainstay(home, "db", "shell", "--env", "production", "--", "more", cwd=project, DATABASE_URL=url, PATH=path)

    line, *env = ran.out.splitlines()
    assert ran.code == 0, ran.err
    assert line.endswith(" more ")
    assert "hunter2" not in line
    assert ("PGPASSWORD=hunter2" in env) or ("MYSQL_PWD=hunter2" in env)


def test_the_client_is_given_signals_and_variables_as_we_were(home: Path, project: Path) -> None:
    script(project / "bin", "psql", "#!/bin/sh\ngrep SigIgn /proc/self/status\nenv\n")
    path = f"{project / 'bin'}:{os.environ['PATH']}"

    ran = mainstay(home, "db", "shell", "--env", "production", cwd=project, DATABASE_URL=NOWHERE, PATH=path, LANG="C")

    line, *env = ran.out.splitlines()
    assert (ran.code, ignored(line)) == (0, set()), ran.err
    assert not [one for one in env if one.startswith("LC_CTYPE=")]


def test_the_exit_code_is_that_of_the_client(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "shell", "--", "-bail", "SELECT nixda", cwd=project)

    assert ran.code == 1
    assert "no such column: nixda" in ran.err


def test_a_client_that_is_not_installed_is_told(home: Path, project: Path) -> None:
    ran = mainstay(home, "db", "shell", "--env", "production", cwd=project, DATABASE_URL=NOWHERE, PATH="/nowhere")

    assert ran.code == 1
    assert ran.err.splitlines() == [
        "mainstay: cannot open a shell: psql is not installed",
        "  hint: apt-get install postgresql-client",
    ]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["check", "--reveal"], "--reveal goes with `db url`"),
        (["check", "--", "-c"], "only `db shell` runs another program"),
        (["check", "--timeout", "0"], "cannot wait for 0 s"),
        (["drop"], "invalid choice: 'drop'"),
        ([], "check|url|shell is missing"),
    ],
)
def test_a_wrong_command_line_does_nothing(home: Path, project: Path, argv: list[str], message: str) -> None:
    ran = mainstay(home, "db", *argv, cwd=project)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_where_nothing_is_declared_that_is_said(home: Path, tmp_path: Path) -> None:
    ran = mainstay(home, "db", "check", cwd=tmp_path)

    assert ran.code == 2
    assert ran.err.startswith("mainstay: no file here declares a database\n  hint: name it: ")
