import os
from pathlib import Path

import pytest

from mainstay.settings import Loaded, LoadError, UnknownEnvironment, load


def put(folder: Path, **texts: str) -> None:
    """Files by their names with `_` for dots: `_env_local` is .env.local."""
    for name, text in texts.items():
        file = folder / name.replace("_", ".")
        file.write_text(text)
        file.chmod(0o600)


def every(folder: Path) -> None:
    """Each file of the cascade, of each environment: A is its name, and one more variable is the file's own."""
    names = [".env", ".env.local"]
    for environment in ("development", "test", "production"):
        names += [f".env.{environment}", f".env.{environment}.local"]
    for name in names:
        own = name.upper().replace(".", "_")
        put(folder, **{name.replace(".", "_"): f"A={name}\n{own}=1\n"})


@pytest.mark.parametrize(
    ("environment", "files"),
    [
        ("development", [".env", ".env.development", ".env.local", ".env.development.local"]),
        ("test", [".env", ".env.test", ".env.test.local"]),
        ("production", [".env", ".env.production", ".env.local", ".env.production.local"]),
    ],
)
def test_the_files_of_the_environment_are_read_the_strongest_last(
    tmp_path: Path, environment: str, files: list[str]
) -> None:
    every(tmp_path)
    target = {"APP_ENV": environment}

    loaded = load(tmp_path, target=target)

    assert list(loaded.files) == [f"{tmp_path}/{name}" for name in files]
    assert loaded.environment == environment
    assert target["A"] == files[-1]
    own = {name for name in target if name.startswith("_ENV")}
    assert own == {name.upper().replace(".", "_") for name in files}


def test_nothing_is_read_above_the_folder(tmp_path: Path) -> None:
    every(tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()

    assert load(inner, target={}).files == ()


def test_what_is_set_already_stays_even_if_it_is_empty(tmp_path: Path) -> None:
    put(tmp_path, _env="A=file\nB=file\nC=file\n")
    target = {"A": "set", "B": ""}

    loaded = load(tmp_path, target=target)

    assert target == {"A": "set", "B": "", "C": "file"}
    assert dict(loaded) == target


def test_override_makes_the_files_win(tmp_path: Path) -> None:
    put(tmp_path, _env="A=file\n")
    target = {"A": "set", "B": "set"}

    loaded = load(tmp_path, target=target, override=True)

    assert target == {"A": "file", "B": "set"}
    assert loaded.source("A") == f"file {tmp_path}/.env:1"


def test_each_value_knows_the_line_it_comes_from(tmp_path: Path) -> None:
    put(tmp_path, _env="\nA=1\nB=1\n", _env_local="# mine\n\nB=2\n")

    loaded = load(tmp_path, target={"C": "3"})

    assert {name: loaded.source(name) for name in loaded} == {
        "A": f"file {tmp_path}/.env:2",
        "B": f"file {tmp_path}/.env.local:3",
        "C": "environment",
    }


def test_the_processs_own_environment_is_set_when_no_target_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, _env="FROM_DOTENV=1\n", _env_test="OF_TEST=1\n")
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("FROM_DOTENV", "x")
    monkeypatch.delenv("FROM_DOTENV")
    monkeypatch.setenv("OF_TEST", "already")

    load(tmp_path)

    assert (os.environ["FROM_DOTENV"], os.environ["OF_TEST"]) == ("1", "already")


def test_a_target_that_does_not_say_the_environment_is_of_the_processs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", "production")

    assert load(tmp_path, target={}).environment == "production"


def test_an_environment_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownEnvironment):
        load(tmp_path, target={"APP_ENV": "staging"})


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, _env="A\nB='\nC=1#2\n")

    load(tmp_path, target={})

    assert capfd.readouterr() == ("", "")


def test_what_is_odd_is_a_warning_with_file_and_line(tmp_path: Path) -> None:
    put(tmp_path, _env="A=1\nB\n", _env_local="C=x#y\n")

    warnings = load(tmp_path, target={}).warnings

    assert [str(warning) for warning in warnings] == [
        f"{tmp_path}/.env:2: not of the form NAME=value",
        f"{tmp_path}/.env.local:1: C: the # ends its value; quote a value that has one",
    ]


def test_strict_loading_makes_errors_of_them_all_and_sets_nothing(tmp_path: Path) -> None:
    put(tmp_path, _env="A=1\nB\n", _env_local="C=x#y\n")
    target: dict[str, str] = {}

    with pytest.raises(LoadError) as caught:
        load(tmp_path, target=target, strict=True)

    assert str(caught.value) == (
        "cannot load the settings: 2 mistakes\n"
        f"  {tmp_path}/.env:2: not of the form NAME=value\n"
        f"  {tmp_path}/.env.local:1: C: the # ends its value; quote a value that has one"
    )
    assert target == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A=1\nAPP_ENV=production\n", "2: APP_ENV: may not be set here: a file cannot know where it runs"),
        ("A=1\n\nKEY=encrypted:BDqD\n", "3: KEY: its value is encrypted; decrypt the file first"),
        ("A=a\0b", "1: A: has a NUL character"),
    ],
)
def test_what_cannot_be_used_is_an_error_in_any_case(tmp_path: Path, text: str, told: str) -> None:
    put(tmp_path, _env=text)
    target: dict[str, str] = {}

    with pytest.raises(LoadError) as caught:
        load(tmp_path, target=target)

    assert str(caught.value).startswith(f"{tmp_path}/.env:{told}")
    assert target == {}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"/none: no such folder$"):
        load(tmp_path / "none", target={})


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(LoadError, match=r"/\.env: cannot read it: is a directory$"):
        load(tmp_path, target={})


def test_a_file_with_secrets_that_others_can_read_is_told_of(tmp_path: Path) -> None:
    put(tmp_path, _env="PORT=1\n", _env_local="API_KEY=x\n")
    for name in (".env", ".env.local"):
        (tmp_path / name).chmod(0o640)

    (warning,) = load(tmp_path, target={}).warnings

    path = f"{tmp_path}/.env.local"
    assert str(warning) == f"{path}: its group can read API_KEY in it; chmod 600 {path}"


def test_secrets_of_a_folder_win_over_files_and_stay_out_of_the_target(tmp_path: Path) -> None:
    put(tmp_path, _env="DB_PASSWORD=weak\nA=1\n")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "db_password").write_text("strong\n")
    target: dict[str, str] = {}

    loaded = load(tmp_path, target=target, secrets=[secrets, "/nowhere"])

    assert loaded["DB_PASSWORD"] == "strong"
    assert loaded.source("DB_PASSWORD") == f"file {secrets}/db_password"
    assert target == {"A": "1"}


def test_what_is_set_already_wins_over_secrets_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of the folder")

    assert load(tmp_path, target={"KEY": "set"}, secrets=[tmp_path])["KEY"] == "set"


def test_credentials_of_systemd_are_read(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "api-key").write_text("x")
    (credentials / "api-key").chmod(0o444)

    loaded = load(tmp_path, target={"CREDENTIALS_DIRECTORY": str(credentials)})

    assert loaded["API_KEY"] == "x"
    assert loaded.warnings == ()


def test_a_secret_cannot_say_where_it_runs(tmp_path: Path) -> None:
    (tmp_path / "app_env").write_text("production")

    with pytest.raises(LoadError, match=r"/app_env: APP_ENV: may not be set here"):
        load(tmp_path, target={}, secrets=[tmp_path])


def test_variables_of_weaker_files_and_of_the_target_are_expanded_where_the_dialect_does(tmp_path: Path) -> None:
    put(tmp_path, _env="A=1\nB=file\n", _env_local="C=${A}-${B}\n")

    assert load(tmp_path, target={"B": "set"}, dialect="shell")["C"] == "1-set"
    assert load(tmp_path, target={"B": "set"}, dialect="shell", override=True)["C"] == "1-file"
    assert load(tmp_path, target={"B": "set"})["C"] == "${A}-${B}"


def test_no_value_is_in_the_repr_of_what_was_loaded(tmp_path: Path) -> None:
    put(tmp_path, _env="A=hunter2\n")

    loaded = load(tmp_path, target={})

    assert isinstance(loaded, Loaded)
    assert repr(loaded) == f"<Loaded: 1 variables, development, from {tmp_path}/.env>"
