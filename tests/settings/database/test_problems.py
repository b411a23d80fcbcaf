from mainstay.settings import SettingsError
from mainstay.settings.database import DatabaseError, NoSuchSection, WrongSection


def test_an_environment_without_a_section_is_told_which_there_are() -> None:
    error = NoSuchSection("staging", ["development", "production"])

    assert str(error) == (
        "no database is declared for the environment 'staging' (there are sections: development, production)"
    )


def test_all_mistakes_of_a_section_are_in_one_message() -> None:
    error = WrongSection("production", ["DB_HOST is not set", "DB_PASSWORD is empty"])

    assert str(error) == "cannot use the database section production: DB_HOST is not set; DB_PASSWORD is empty"
    assert isinstance(error, DatabaseError)
    assert isinstance(error, SettingsError)
