import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mainstay
from mainstay.settings import Environment, SettingsError, UnknownEnvironment, environment
from mainstay.settings.environment import ENVIRONMENTS

SOURCE = str(Path(mainstay.__file__).parents[1])


@pytest.mark.parametrize("name", ["development", "test", "production"])
def test_app_env_says_the_environment(name: str) -> None:
    assert environment({"APP_ENV": name}) == name


def test_without_app_env_it_is_development() -> None:
    assert environment({"NODE_ENV": "production"}) == "development"


def test_the_processs_own_environment_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    before = environment()
    monkeypatch.setenv("APP_ENV", "test")

    assert (before, environment()) == ("production", "test")


@given(st.text().filter(lambda text: text not in ENVIRONMENTS))
def test_anything_else_is_an_error_that_names_the_three(said: str) -> None:
    with pytest.raises(UnknownEnvironment) as caught:
        environment({"APP_ENV": said})

    assert "not one of development, test, production" in str(caught.value)
    assert isinstance(caught.value, SettingsError)


@pytest.mark.parametrize("said", ["Production", "PRODUCTION", " production", "production\n"])
def test_case_and_blanks_count_and_the_error_says_what_was_meant(said: str) -> None:
    with pytest.raises(UnknownEnvironment, match=r"write APP_ENV=production"):
        environment({"APP_ENV": said})


def test_an_empty_app_env_is_not_taken_for_development() -> None:
    with pytest.raises(UnknownEnvironment, match=r"APP_ENV is ''.*unset it for development"):
        environment({"APP_ENV": ""})


def test_the_package_exports_the_function_also_after_its_module_was_imported() -> None:
    code = "import mainstay.settings.environment; from mainstay.settings import environment; print(environment({}))"

    ran = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": SOURCE}, capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("development\n", "")


def test_asking_for_the_environment_costs_no_import_of_typing() -> None:
    code = "import sys, mainstay.settings; print({'typing', 're', 'enum'} & sys.modules.keys())"

    ran = subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": SOURCE}, capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("set()\n", "")


def test_the_type_is_there_at_run_time_too() -> None:
    assert get_args(Environment) == ENVIRONMENTS
