import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mainstay.settings import UnknownEnvironment, load
from mainstay.settings.database import Database, NoSuchSection, Sections, WrongSection, secret


def two() -> Sections:
    return Sections(development=Database("sqlite:///shop.db"), production=Database(secret("DATABASE_URL")))


def test_the_section_is_that_of_app_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop:hunter2@db/shop?password=hunter2")

    sections = two()

    assert sections.resolve().name == "production"
    assert "hunter2@" not in str(sections.url)
    assert sections.masked_url() == "postgresql://shop:***@db/shop?password=***"


def test_variables_may_come_from_env_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_ENV", raising=False)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://db/from_file\n")
    found: dict[str, str] = {}

    sections = Sections(load(tmp_path, target=found), development=Database(secret("DATABASE_URL")))

    assert sections.url.database == "from_file"


def test_without_app_env_it_is_development() -> None:
    assert two().resolve(environ={}).name == "development"


def test_variables_of_other_sections_need_not_be_set() -> None:
    assert two().resolve(environ={"APP_ENV": "development"}).url.database == "shop.db"


def test_an_environment_without_a_section_is_an_error_that_lists_them() -> None:
    with pytest.raises(NoSuchSection, match=r"'test' \(there are sections: development, production\)"):
        two().resolve(environ={"APP_ENV": "test"})
    with pytest.raises(NoSuchSection, match="'prodution'"):
        two().resolve("prodution", environ={})


def test_a_section_may_have_a_name_of_its_own() -> None:
    sections = Sections(development=Database("sqlite://"), staging=Database("sqlite:///staging.db"))

    assert sections.resolve(environ={"APP_ENV": "staging"}).url.database == "staging.db"
    assert sections.names == ("development", "staging")


def test_a_word_that_is_neither_is_refused() -> None:
    with pytest.raises(UnknownEnvironment):
        two().resolve(environ={"APP_ENV": "Production"})


def test_a_section_may_be_a_function_that_only_its_environment_calls() -> None:
    called = []

    def production() -> Database:
        called.append("production")
        return Database("postgresql://db/shop")

    sections = Sections(development=Database("sqlite://"), production=production)

    sections.resolve(environ={})
    assert called == []
    assert sections.resolve(environ={"APP_ENV": "production"}).url.host == "db"


def test_a_function_that_returns_something_else_is_refused() -> None:
    sections = Sections(production=lambda: "postgresql://db/shop")  # type: ignore[arg-type, return-value]

    with pytest.raises(WrongSection, match="its function returned str, not a Database"):
        sections.resolve(environ={"APP_ENV": "production"})


def test_no_section_at_all_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="at least one section"):
        Sections()


def test_sections_show_their_names_alone() -> None:
    assert repr(two()) == "Sections(development, production)"


def test_all_threads_get_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "development")
    sections = two()
    found = []
    threads = [threading.Thread(target=lambda: found.append(sections.engine())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
    assert len(found) == 8
    assert sections.async_engine() is sections.async_engine()


def test_declaring_sections_imports_nothing_heavy() -> None:
    code = "import sys\nfrom mainstay.settings.database import Database, Sections, secret\n"
    code += "Sections(a=Database(secret('X')))\n"
    code += "print([name for name in ('sqlalchemy', 'asyncio', 'ssl', 'logging') if name in sys.modules])"

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "[]\n"
