import os
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.config.file import specs_from_file
from mainstay.config.problems import ConfigError
from mainstay.errors import NoSuchName, UsageError

from .files import ENVIRON, write

TEXT = """\
    [apps.web]
    app = "a:b"
    [apps.web.environments.staging]
    env = { A = "x" }
    [apps.jobs]
    command = "sleep 100"
"""


def test_apps_come_in_the_files_order(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", TEXT)

    assert [spec.name for spec in specs_from_file(str(path), None, (), ENVIRON)] == ["web", "jobs"]


def test_a_pyproject_is_a_config_file_too(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "[project]\nname = 'x'\n[tool.mainstay.apps.web]\napp = 'a:b'\n")

    (spec,) = specs_from_file(str(path), None, (), ENVIRON)

    assert (spec.name, spec.cwd, spec.source) == ("web", str(tmp_path), str(path))


def test_mistakes_in_a_pyproject_are_told_with_the_whole_key(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "[project]\nname = 'x'\n[tool.mainstay.apps.web]\nap = 'a:b'\n")

    with pytest.raises(ConfigError) as caught:
        specs_from_file(str(path), None, (), ENVIRON)

    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (3, "tool.mainstay.apps.web"),
        (4, "tool.mainstay.apps.web.ap"),
    ]


def test_only_some_can_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", TEXT)

    assert [spec.name for spec in specs_from_file(str(path), None, ("jobs",), ENVIRON)] == ["jobs"]


def test_an_unknown_one_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", TEXT)

    with pytest.raises(NoSuchName) as caught:
        specs_from_file(str(path), None, ("web", "jbos"), ENVIRON)

    assert (caught.value.hint, caught.value.exit_code) == ("did you mean jobs?", 3)


def test_mistakes_are_told_before_unknown_names(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", "[apps.web]\napp = 1\n")

    with pytest.raises(ConfigError):
        specs_from_file(str(path), "nowhere", ("web",), ENVIRON)


@pytest.mark.parametrize("environment", ["staging", "production", "development"])
def test_declared_environments_and_the_two_usual_ones_are_known(tmp_path: Path, environment: str) -> None:
    path = write(tmp_path / "mainstay.toml", TEXT)

    specs = specs_from_file(str(path), environment, (), ENVIRON)

    assert {spec.environment for spec in specs} == {environment}


@pytest.mark.parametrize(
    ("environment", "hint"),
    [("stagign", "did you mean staging? it declares staging"), ("qa", "it declares staging")],
)
def test_an_unknown_environment_is_told_with_those_there_are(tmp_path: Path, environment: str, hint: str) -> None:
    path = write(tmp_path / "mainstay.toml", TEXT)

    with pytest.raises(UsageError, match=f"cannot use the environment {environment}: .* does not declare it") as caught:
        specs_from_file(str(path), environment, (), ENVIRON)

    assert caught.value.hint == hint


def test_a_file_without_environments_says_how_to_declare_one(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\n")

    with pytest.raises(UsageError) as caught:
        specs_from_file(str(path), "qa", (), ENVIRON)

    assert caught.value.hint == "it declares none; write [apps.NAME.environments.NAME]"


def test_the_example_is_right() -> None:
    example = Path(__file__).parents[2] / "examples" / "shop" / "mainstay.toml"

    (spec,) = specs_from_file(str(example), None, (), ENVIRON)

    assert (spec.name, spec.instances) == ("shop", 0)


def test_reading_a_file_imports_nothing_heavy(tmp_path: Path) -> None:
    path = write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\nbind = ':9000'\n")
    code = f"""if True:
        import sys
        from mainstay.config.file import specs_from_file
        specs_from_file({str(path)!r}, None, (), {{"PATH": "/bin"}})
        heavy = "asyncio subprocess difflib msgspec logging argparse mainstay.daemon mainstay.core mainstay.cli"
        print([name for name in heavy.split() if name in sys.modules])
    """

    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ)

    assert (done.stdout, done.stderr) == ("[]\n", "")
