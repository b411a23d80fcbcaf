from mainstay.settings import Secret
from mainstay.settings.database import Database, secret


def test_a_section_shows_what_it_says_and_no_password() -> None:
    section = Database(driver="postgresql", host="db", port=5432, user="shop", password="hunter2", database="shop")

    assert repr(section) == (
        "Database(driver='postgresql', host='db', port=5432, user='shop', password=***, database='shop',"
        " connect_timeout=10.0, max_connections=80)"
    )


def test_a_url_is_not_shown_at_all() -> None:
    assert "hunter2" not in repr(Database("postgresql://shop:hunter2@db/shop"))
    assert "hunter2" not in repr(Database(Secret("postgresql://shop:hunter2@db/shop")))


def test_secret_options_are_not_shown() -> None:
    shown = repr(Database("sqlite://", query={"sslpassword": "hunter2", "sslmode": "require"}))

    assert "hunter2" not in shown
    assert "'sslmode': 'require'" in shown


def test_the_variable_of_a_password_is_shown_by_its_name() -> None:
    assert "DB_PASSWORD" in repr(Database(driver="postgresql", password=secret("DB_PASSWORD")))


def test_driver_arguments_are_not_shown() -> None:
    assert "hunter2" not in repr(Database("sqlite://", options={"connect_args": {"password": "hunter2"}}))
