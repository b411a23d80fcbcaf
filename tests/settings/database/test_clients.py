import os
import shutil
import subprocess

import pytest

from mainstay.settings.database import Database, DatabaseError
from mainstay.settings.database.clients import Client, client_of
from mainstay.settings.database.resolve import resolve
from tests.servers import database


def client(section: Database, folder: str = "/srv") -> Client:
    return client_of(resolve("production", section, {}), folder)


def test_psql_is_told_everything_by_variables() -> None:
    url = "postgresql+asyncpg://shop:hunter2@db:5433/shop?sslmode=require&sslrootcert=/ca.pem&command_timeout=5"

    made = client(Database(url))

    assert (made.programs, made.arguments) == (("psql",), ())
    assert made.env == {
        "PGHOST": "db",
        "PGPORT": "5433",
        "PGUSER": "shop",
        "PGPASSWORD": "hunter2",
        "PGDATABASE": "shop",
        "PGSSLMODE": "require",
        "PGSSLROOTCERT": "/ca.pem",
    }


@pytest.mark.parametrize(
    ("query", "host", "port"),
    [
        ("host=/run/postgresql", "/run/postgresql", None),
        ("host=a:5432&host=b:5433", "a,b", "5432,5433"),
        ("host=a&host=b&port=1&port=2", "a,b", "1,2"),
    ],
)
def test_hosts_in_the_query_get_there_too(query: str, host: str, port: str | None) -> None:
    made = client(Database(f"postgresql+psycopg://shop@/shop?{query}"))

    assert (made.env["PGHOST"], made.env.get("PGPORT")) == (host, port)


def test_the_password_of_mysql_is_no_argument() -> None:
    made = client(Database("mysql+pymysql://shop:hunter2@db:3307/shop?charset=utf8mb4&ssl_ca=/ca.pem"))

    assert made.programs == ("mysql", "mariadb")
    assert made.arguments == (
        "--no-defaults",
        "--host=db",
        "--port=3307",
        "--user=shop",
        "--default-character-set=utf8mb4",
        "--ssl-ca=/ca.pem",
        "--protocol=tcp",
        "shop",
    )
    assert made.env == {"MYSQL_PWD": "hunter2"}


def test_the_client_of_mariadb_comes_first_for_mariadb() -> None:
    made = client(Database("mariadb+pymysql://shop@localhost/shop?unix_socket=/run/sock"))

    assert made.programs == ("mariadb", "mysql")
    assert "--protocol=tcp" not in made.arguments
    assert made.env == {}


def test_the_path_of_sqlite_starts_in_the_folder() -> None:
    assert client(Database("sqlite:///data/shop.db")).arguments == ("/srv/data/shop.db",)
    assert client(Database("sqlite:////data/shop.db")).arguments == ("/data/shop.db",)


@pytest.mark.parametrize(
    ("url", "text"), [("sqlite://", "is in the memory of the app"), ("oracle+oracledb://db/shop", "known for oracle")]
)
def test_where_there_is_no_client_that_is_said(url: str, text: str) -> None:
    with pytest.raises(DatabaseError, match=text):
        client(Database(url))


def test_each_client_gets_in(server: database.Database) -> None:
    made = client(Database(server.url()))
    program = next(path for name in made.programs if (path := shutil.which(name)))
    ask = ["-tAc", "SELECT current_user"] if server.dialect == "postgresql" else ["-N", "-e", "SELECT USER()"]

    ran = subprocess.run(
        [program, *made.arguments, *ask], env={**os.environ, **made.env}, capture_output=True, text=True, check=False
    )

    assert ran.stdout.partition("@")[0].strip() == "shop", ran.stderr
