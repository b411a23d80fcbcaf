from mainstay.config.document import dotted, shown_path


def test_a_key_path_is_told_as_people_write_it() -> None:
    assert dotted(("apps", "web", "bind", 1)) == "apps.web.bind[1]"


def test_a_key_that_is_not_bare_is_quoted() -> None:
    assert dotted(("apps", "my app", "env")) == 'apps."my app".env'


def test_a_path_under_the_working_directory_is_told_relative() -> None:
    assert shown_path("/srv/shop/mainstay.toml", "/srv/shop") == "mainstay.toml"


def test_another_path_is_told_whole() -> None:
    assert shown_path("/srv/shop2/mainstay.toml", "/srv/shop") == "/srv/shop2/mainstay.toml"
