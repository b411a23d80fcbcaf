"""The target: parsed, imported, called; each way it can fail says what is wrong and what to do."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.runtime.load import CannotLoad, Target, load, parse
from mainstay.runtime.messages import Interface


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "shopfront"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "main.py").write_text("async def app(scope, receive, send): ...\n")
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "shopfront"]:
        del sys.modules[name]


def failure(target: str, interface: Interface = Interface.AUTO) -> CannotLoad:
    with pytest.raises(CannotLoad) as caught:
        load(target, interface)
    return caught.value


def test_a_target_is_a_module_and_a_path() -> None:
    assert parse("shop.main:api.app") == Target("shop.main", ("api", "app"), None)


def test_a_factory_may_have_literal_arguments() -> None:
    assert parse("shop:create_app('x', debug=True)") == Target("shop", ("create_app",), (("x",), {"debug": True}))


@pytest.mark.parametrize("target", ["shop", "shop:", ":app", "shop:app(", "shop:app()[0]", "shop:f(x)", "shop:1"])
def test_what_is_not_a_target_is_refused(target: str) -> None:
    assert "cannot read" in str(failure(target))


@pytest.mark.usefixtures("shop")
def test_an_app_is_imported() -> None:
    loaded = load("shopfront.main:app", Interface.AUTO)

    assert loaded.interface is Interface.ASGI


def test_a_factory_is_called(shop: Path) -> None:
    (shop / "made.py").write_text("def create_app(word='x'):\n    return lambda environ, start_response: [word]\n")

    loaded = load("shopfront.made:create_app(word='y')", Interface.AUTO)

    assert loaded.interface is Interface.WSGI
    assert loaded.app({}, None) == ["y"]


def test_a_factory_is_not_guessed(shop: Path) -> None:
    (shop / "made.py").write_text("def create_app(config=None, debug=False): raise AssertionError('called')\n")

    error = failure("shopfront.made:create_app")

    assert "takes no argument" in str(error)
    assert error.hint == "if it is a factory, name it as one: shopfront.made:create_app()"


@pytest.mark.usefixtures("shop")
def test_a_missing_module_is_answered_with_the_nearest() -> None:
    error = failure("shopfront.mainx:app")

    assert str(error) == "ModuleNotFoundError: No module named 'shopfront.mainx'"
    assert error.hint == "did you mean 'shopfront.main'?"
    assert error.__cause__ is None


def test_a_module_missing_inside_the_app_is_told_apart(shop: Path) -> None:
    (shop / "main.py").write_text("\nimport not_installed.x\n")

    error = failure("shopfront.main:app")

    assert str(error) == "ModuleNotFoundError: No module named 'not_installed'"
    assert "shopfront/main.py line 2" in error.hint
    assert error.hint.endswith("-m pip install not_installed")
    assert error.__cause__ is not None


@pytest.mark.usefixtures("shop")
def test_a_missing_attribute_is_answered_with_the_nearest() -> None:
    error = failure("shopfront.main:ap")

    assert str(error) == "module 'shopfront.main' has no attribute 'ap'"
    assert error.hint == "did you mean 'app'?"


def test_something_that_cannot_be_called_is_no_app(shop: Path) -> None:
    (shop / "main.py").write_text("application = len\nsettings = {}\n")

    error = failure("shopfront.main:settings")

    assert str(error) == "shopfront.main:settings is not an app but an object of type dict: it cannot be called"
    assert error.hint == "did you mean 'shopfront.main:application'?"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('first\\nsecond')", "ValueError: first"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("1 +", "SyntaxError: invalid syntax (main.py, line 1)"),
        ("from shopfront import nothing", "ImportError: cannot import name 'nothing' from 'shopfront'"),
    ],
)
def test_an_import_that_fails_gives_its_reason(shop: Path, source: str, message: str) -> None:
    (shop / "main.py").write_text(source)

    error = failure("shopfront.main:app")

    assert str(error).startswith(message)
    assert error.__cause__ is not None


def test_a_factory_that_fails_gives_its_reason(shop: Path) -> None:
    (shop / "main.py").write_text("def create_app():\n    raise KeyError('DATABASE_URL')\n")

    error = failure("shopfront.main:create_app()")

    assert str(error) == "KeyError: 'DATABASE_URL'"
    assert "shopfront/main.py line 2" in error.hint


def test_a_factory_that_returns_nothing_is_named(shop: Path) -> None:
    (shop / "main.py").write_text("def create_app(): pass\n")

    assert str(failure("shopfront.main:create_app()")) == (
        "the factory shopfront.main:create_app() returned None, not an app"
    )


def test_a_given_interface_is_believed(shop: Path) -> None:
    (shop / "main.py").write_text("def app(*arguments): ...\n")

    assert "say which it is" in failure("shopfront.main:app").hint
    assert load("shopfront.main:app", Interface.WSGI).interface is Interface.WSGI
