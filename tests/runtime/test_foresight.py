"""What libraries import at their first use is imported before the fork."""

import subprocess
import sys
from pathlib import Path

SOURCE = str(Path(__file__).parents[2] / "src")


def _modules(code: str) -> set[str]:
    lines = (code, "import sys", "from mainstay.runtime import foresight", "foresight.import_what_comes_later()")
    code = "\n".join((*lines, "print(*sys.modules)"))
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": SOURCE}, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_what_fastapi_and_sqlalchemy_import_late_is_imported_early() -> None:
    loaded = _modules("import fastapi, sqlalchemy")

    assert {"anyio._backends._asyncio", "sqlalchemy.dialects.sqlite"} <= loaded


def test_nothing_is_imported_for_libraries_that_the_app_does_not_use() -> None:
    loaded = _modules("")

    assert not {name for name in loaded if name.split(".")[0] in ("anyio", "sqlalchemy", "jinja2", "django")}
