from mainstay.config.layers import activated, base_layer, of_user, shell_layer

from .files import ENVIRON


def test_the_base_is_what_any_process_needs_and_nothing_of_the_shell() -> None:
    layer = base_layer(ENVIRON | {"SECRET": "x", "LC_ALL": "C", "EDITOR": "vi", "PYTHONPATH": "/x"})

    assert layer.source == "base"
    assert layer.values == ENVIRON | {"LC_ALL": "C", "PYTHONUNBUFFERED": "1"}


def test_the_shell_adds_the_rest() -> None:
    layer = shell_layer(ENVIRON | {"SECRET": "x"})

    assert (layer.source, layer.values) == ("shell", {"SECRET": "x"})


def test_what_the_shell_says_about_buffering_counts() -> None:
    assert shell_layer(ENVIRON | {"PYTHONUNBUFFERED": ""}).values == {"PYTHONUNBUFFERED": ""}


def test_what_mainstay_and_service_managers_tell_their_own_children_stays_out() -> None:
    theirs = {"APP_ENV": "x", "NODE_ENV": "x", "MAINSTAY_INSTANCE": "1", "LISTEN_FDS": "1", "NOTIFY_SOCKET": "/x"}

    assert shell_layer(ENVIRON | theirs | {"_": "/bin/x", "PWD": "/"}).values == {}


def test_an_activated_environment_comes_first_on_path() -> None:
    environ = activated(ENVIRON | {"PYTHONHOME": "/x"}, "/srv/.venv")

    assert environ["PATH"] == f"/srv/.venv/bin:{ENVIRON['PATH']}"
    assert environ["VIRTUAL_ENV"] == "/srv/.venv"
    assert "PYTHONHOME" not in environ


def test_activating_twice_is_activating_once() -> None:
    once = activated(ENVIRON, "/srv/.venv")

    assert activated(once, "/srv/.venv") == once


def test_without_an_environment_none_is_told() -> None:
    assert activated(ENVIRON | {"VIRTUAL_ENV": "/other"}, "") == ENVIRON


def test_an_app_of_another_user_is_told_of_that_users_home() -> None:
    base = base_layer(ENVIRON | {"HOME": "/home/me", "USER": "me"})

    assert of_user(base, "root").values == base.values | {"HOME": "/root", "USER": "root", "LOGNAME": "root"}
    assert of_user(base, "") == base
