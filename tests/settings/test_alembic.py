"""Alembic as a project uses it: its command, an env.py of a few lines, real databases."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy

from tests.servers import database
from tests.servers.postgres import postgres

_SOURCE = str(Path(__file__).parents[2] / "src")

_ENV = """\
from mainstay.settings.alembic import run_migrations
from shop_database import Base, databases

run_migrations(Base.metadata, databases)
"""
_SHOP = """\
from sqlalchemy import Integer, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from mainstay.settings.database import Database, Sections, secret

databases = Sections(
    development=Database(driver="sqlite", database="shop.db"),
    production=Database(secret("DATABASE_URL")),
)


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id = mapped_column(Integer, primary_key=True)
    email = mapped_column(String(200), unique=True)
"""
_TEMPLATE = '''\
"""${message}"""
from alembic import op
import sqlalchemy as sa
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
def upgrade():
    ${upgrades if upgrades else "pass"}
def downgrade():
    ${downgrades if downgrades else "pass"}
'''


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with an alembic.ini that has no URL."""

    folder: Path

    def alembic(self, *arguments: str, env: str = "development", url: str = "", code: int = 0) -> str:
        """What the command printed."""
        ran = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": _SOURCE, "APP_ENV": env, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == code, ran.stderr
        return ran.stdout + ran.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """With a first revision that makes the table."""
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nprepend_sys_path = .\n")
    (tmp_path / "migrations" / "env.py").write_text(_ENV)
    (tmp_path / "migrations" / "script.py.mako").write_text(_TEMPLATE)
    (tmp_path / "shop_database.py").write_text(_SHOP)
    made = Project(tmp_path)
    made.alembic("revision", "--autogenerate", "-m", "first", "--rev-id", "0001")
    return made


@pytest.fixture(scope="module")
def pg() -> Iterator[database.Database]:
    """A PostgreSQL."""
    with postgres() as found:
        yield found


def tables(url: str) -> set[str]:
    engine = sqlalchemy.create_engine(url)
    try:
        return set(sqlalchemy.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_a_revision_is_made_and_applied_to_sqlite(project: Project) -> None:
    project.alembic("upgrade", "head")

    assert tables(f"sqlite:///{project.folder}/shop.db") == {"alembic_version", "person"}
    assert "No new upgrade operations detected" in project.alembic("check")


def test_sqlite_is_changed_in_batches(project: Project) -> None:
    project.alembic("upgrade", "head")
    shop = project.folder / "shop_database.py"
    shop.write_text(shop.read_text().replace("unique=True", "unique=True, nullable=False"))

    project.alembic("revision", "--autogenerate", "-m", "second", "--rev-id", "0002")
    project.alembic("upgrade", "head")

    assert "batch_alter_table" in (project.folder / "migrations" / "versions" / "0002_second.py").read_text()
    assert "No new upgrade operations detected" in project.alembic("check")


@pytest.mark.parametrize("driver", ["", "psycopg", "asyncpg"])
def test_a_revision_is_applied_to_postgresql_and_undone(project: Project, pg: database.Database, driver: str) -> None:
    project.alembic("upgrade", "head", env="production", url=pg.url(driver))
    upgraded = tables(pg.url("psycopg"))
    project.alembic("downgrade", "base", env="production", url=pg.url(driver))

    assert upgraded == {"alembic_version", "person"}
    assert tables(pg.url("psycopg")) == {"alembic_version"}


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_offline_the_sql_is_printed_and_nothing_is_asked(project: Project, driver: str) -> None:
    url = f"postgresql+{driver}://shop:hunter2@no-such-host.invalid/shop"

    printed = project.alembic("upgrade", "head", "--sql", env="production", url=url)

    assert "CREATE TABLE person" in printed
    assert "hunter2" not in printed


def test_a_variable_that_is_missing_is_named(project: Project) -> None:
    printed = project.alembic("upgrade", "head", env="production", code=1)

    assert printed.endswith("cannot use the database section production: DATABASE_URL is empty\n")


def test_a_test_may_bring_its_own_connection(project: Project) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(project.folder)!r})
from alembic import command
from alembic.config import Config
import sqlalchemy
config = Config({str(project.folder / "alembic.ini")!r})
config.set_main_option("script_location", {str(project.folder / "migrations")!r})
with sqlalchemy.create_engine("sqlite://").connect() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    print(sorted(sqlalchemy.inspect(connection).get_table_names()))
"""

    ran = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": _SOURCE}, capture_output=True, text=True, timeout=60
    )

    assert ran.stdout == "['alembic_version', 'person']\n", ran.stderr
