import copy
import dataclasses
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mainstay
from mainstay.settings import InvalidSettings, Secret, Settings, UnknownEnvironment, Url, load, setting


class Database(Settings):
    host: str = "localhost"
    port: int = 5432
    password: Secret


class Cache(Settings, prefix="REDIS_"):
    url: Url


class Shop(Settings, prefix="SHOP_"):
    name: str
    port: int = 8000
    debug: bool = setting(default=False, defaults={"development": True})
    level: Literal["info", "debug"] = "info"
    timeout: timedelta = timedelta(seconds=5)
    origins: tuple[str, ...] = ()
    sentry: Url | None = setting(default=None, name="SENTRY_DSN")
    database: Database
    cache: Cache | None = None


ENOUGH = {"SHOP_NAME": "shop", "SHOP_DATABASE_PASSWORD": "hunter2", "APP_ENV": "production"}


def test_each_field_is_read_from_its_variable() -> None:
    shop = Shop.load(
        {
            **ENOUGH,
            "SHOP_PORT": "80",
            "SHOP_TIMEOUT": "1m",
            "SHOP_ORIGINS": "a, b",
            "SHOP_DATABASE_HOST": "db",
            "SHOP_REDIS_URL": "redis://:x@h",
            "SENTRY_DSN": "https://key@sentry.example/1",
        }
    )

    assert (shop.name, shop.port, shop.level, shop.timeout) == ("shop", 80, "info", timedelta(minutes=1))
    assert shop.origins == ("a", "b")
    assert (shop.database.host, shop.database.port, shop.database.password.reveal()) == ("db", 5432, "hunter2")
    assert shop.cache is not None
    assert shop.cache.url.host == "h"
    assert shop.sentry is not None
    assert shop.sentry.user == "key"


def test_an_optional_group_of_which_nothing_is_set_is_none() -> None:
    assert Shop.load(ENOUGH).cache is None


@pytest.mark.parametrize(("environment", "debug"), [("development", True), ("test", False), ("production", False)])
def test_a_default_may_be_another_one_in_each_environment(environment: str, debug: bool) -> None:
    assert Shop.load({**ENOUGH, "APP_ENV": environment}).debug is debug


def test_all_mistakes_are_told_at_once_with_variable_source_and_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nSHOP_PORT=eighty\nSHOP_DATABASE_PASSWORD=\nSENTRY_DSN=hunter2\n")
    loaded = load(tmp_path, target={"APP_ENV": "production", "SHOP_LEVEL": "loud", "SHOP_NAM": "x"})

    with pytest.raises(InvalidSettings) as caught:
        Shop.load(loaded)

    env = f"file {tmp_path}/.env"
    assert str(caught.value) == (
        "cannot load Shop: 5 mistakes\n"
        "  SHOP_NAME: not set, expected a text; SHOP_NAM is set, is that it?\n"
        f"  SHOP_PORT ({env}:2): expected a whole number, not 'eighty'\n"
        "  SHOP_LEVEL (environment): expected one of info, debug, not 'loud'\n"
        f'  SENTRY_DSN ({env}:4): expected a URL like "https://example.com/path"\n'
        f"  SHOP_DATABASE_PASSWORD ({env}:3): expected a secret that is not empty"
    )
    assert [mistake.variable for mistake in caught.value.mistakes][:2] == ["SHOP_NAME", "SHOP_PORT"]


def test_one_mistake_alone_is_one_line() -> None:
    with pytest.raises(InvalidSettings) as caught:
        Shop.load({**ENOUGH, "SHOP_PORT": "x"})

    assert str(caught.value) == "SHOP_PORT (environment): expected a whole number, not 'x'"


def test_strict_loading_refuses_variables_that_nobody_reads() -> None:
    values = {**ENOUGH, "SHOP_PROT": "1", "SHOP_REDIS_URL": "redis://h", "OTHER": "1"}

    with pytest.raises(InvalidSettings) as caught:
        Shop.load(values, strict=True)

    assert str(caught.value) == "SHOP_PROT (environment): Shop has no such variable; SHOP_PORT is near"
    assert Shop.load(values).port == 8000


@given(st.text(min_size=4).map(lambda text: f"<<{text}>>"))
def test_no_value_of_a_secret_is_in_an_error_or_a_repr(text: str) -> None:
    class One(Settings):
        count: int = setting(secret=True)
        api_key: int
        link: Url
        links: list[Url]

    class Two(Settings):
        text: str = setting(secret=True)
        api_key: str
        tokens: list[str]
        secret: Secret

    with pytest.raises(InvalidSettings) as caught:
        One.load(dict.fromkeys(["COUNT", "API_KEY", "LINK", "LINKS"], text))
    shown = repr(Two.load(dict.fromkeys(["TEXT", "API_KEY", "TOKENS", "SECRET"], text.replace(",", "").strip())))

    assert len(caught.value.mistakes) == 4
    assert text not in str(caught.value)
    assert shown == "test_no_value_of_a_secret_is_in_an_error_or_a_repr.<locals>.Two".rpartition(".")[2] + (
        "(text=***, api_key=***, tokens=***, secret=***)"
    )


def test_the_repr_shows_all_but_secrets() -> None:
    assert repr(Shop.load(ENOUGH)) == (
        "Shop(name='shop', port=8000, debug=False, level='info', timeout=datetime.timedelta(seconds=5), origins=(), "
        "sentry=None, database=Database(host='localhost', port=5432, password=***), cache=None)"
    )


def test_a_secret_may_be_in_the_file_that_name_file_names(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("of the file\n")
    values = {"SHOP_NAME": "x", "SHOP_DATABASE_PASSWORD_FILE": str(file)}

    assert Shop.load(values).database.password == Secret("of the file")


def test_mistakes_with_such_files_are_told_with_the_others(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Shop.load({"SHOP_NAME_FILE": "/nowhere", **ENOUGH, "SHOP_PORT_FILE": f"{tmp_path}/port"})

    assert [str(mistake) for mistake in caught.value.mistakes] == [
        "SHOP_NAME: SHOP_NAME and SHOP_NAME_FILE are both set (unset one of them)",
        f"SHOP_PORT: cannot read {tmp_path}/port: no such file or directory",
    ]


def test_a_value_that_does_not_fit_is_told_with_the_file_that_name_file_names(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("x")

    with pytest.raises(InvalidSettings) as caught:
        Shop.load({**ENOUGH, "SHOP_PORT_FILE": f"{tmp_path}/port"})

    assert str(caught.value) == f"SHOP_PORT (file {tmp_path}/port): expected a whole number, not 'x'"


def test_the_processs_own_environment_is_read_when_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENOUGH.items():
        monkeypatch.setenv(name, value)

    assert Shop.load().name == "shop"


def test_an_environment_nobody_knows_is_an_error() -> None:
    with pytest.raises(UnknownEnvironment):
        Shop.load({**ENOUGH, "APP_ENV": "staging"})


def test_settings_can_be_made_without_variables_for_tests() -> None:
    shop = Shop(name="x", database=Database(password=Secret("y")))

    assert (shop.port, shop.database.host) == (8000, "localhost")
    assert shop == Shop(name="x", database=Database(password=Secret("y")))
    assert copy.deepcopy(shop) == shop


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: setattr(shop, "port", 1),
        lambda shop: setattr(shop.database, "port", 1),
        lambda shop: setattr(shop, "other", 1),
        lambda shop: delattr(shop, "port"),
    ],
)
def test_settings_cannot_be_changed(change: Callable[[Shop], None]) -> None:
    shop = Shop.load(ENOUGH)

    with pytest.raises(dataclasses.FrozenInstanceError):
        change(shop)


def test_a_type_checker_knows_the_fields() -> None:
    shop = Shop.load(ENOUGH)

    with pytest.raises(dataclasses.FrozenInstanceError):
        shop.port = 1  # type: ignore[misc]  # mypy: read-only
    with pytest.raises(AttributeError):
        shop.prot  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(TypeError):
        Shop()  # type: ignore[call-arg]  # mypy: name and database are missing
    with pytest.raises(TypeError):
        Shop("x", database=shop.database)  # type: ignore[call-arg]  # mypy: keywords only
    with pytest.raises(TypeError):
        "".join([shop.database.password])  # type: ignore[list-item]  # mypy: it has to be revealed
    assert Shop(name=1, database=shop.database).name == 1  # type: ignore[arg-type,comparison-overlap]


def test_settings_work_in_the_command_line_too_which_has_a_stand_in_for_dataclasses(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from mainstay.settings import Secret, Settings, Url, load, setting\n"
        "class Inner(Settings):\n    url: Url\n    port: int = 1\n"
        "class Shop(Settings):\n"
        "    name: str\n    key: Secret\n    inner: Inner\n    other: Inner | None = None\n"
        "    level: int = setting(default=1, defaults={'test': 2})\n"
        "    names: list[str] = setting(default_factory=list)\n"
        "loaded = load('.', target={'APP_ENV': 'test', 'INNER_URL': 'http://u:p@h'})\n"
        "print(*loaded.warnings, Shop.load(loaded), sep='\\n')\n"
        "Shop.load({})\n"
    )
    (tmp_path / ".env").write_text("NAME=shop\nKEY=x\nodd\nNAME='shop'\nB='\n")
    (tmp_path / ".env").chmod(0o600)
    code = "import sys; from mainstay.model import records; sys.modules['dataclasses'] = records; import shop"

    environ = {"PYTHONPATH": f"{Path(mainstay.__file__).parents[1]}:{tmp_path}"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True)

    file = f"{tmp_path.resolve()}/.env"
    assert ran.stdout == (
        f"{file}:3: not of the form NAME=value\n"
        f"{file}:4: NAME: is in line 1 too, and this one counts\n"
        f"{file}:5: B: the ' is not closed\n"
        "Shop(name='shop', key=***, inner=Inner(url=Url('http://u:***@h'), port=1), other=None, level=2, names=[])\n"
    )
    assert ran.stderr.splitlines()[-4:] == [
        "mainstay.settings.typed.InvalidSettings: cannot load Shop: 3 mistakes",
        "  NAME: not set, expected a text",
        "  KEY: not set, expected a secret that is not empty",
        '  INNER_URL: not set, expected a URL like "https://example.com/path"',
    ]


def test_a_class_may_extend_another() -> None:
    class More(Shop):
        extra: int = 1

    more = More.load({**ENOUGH, "SHOP_EXTRA": "2"})

    assert (more.extra, more.name) == (2, "shop")


def test_a_field_cannot_take_the_place_of_load() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.load: no setting can have this name"):

        class Wrong(Settings):
            load: int = 1  # type: ignore[assignment]  # what the test shows
