"""The architecture page says what the code does."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _drawing() -> str:
    spec = importlib.util.spec_from_file_location("draw_life", ROOT / "scripts" / "draw_life.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn: str = module.mermaid()
    return drawn


def test_the_life_of_a_slot_is_drawn_as_the_code_has_it() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()

    shown = re.search(r"<!-- life -->\n(.*?)<!-- /life -->", page, re.S)

    assert shown is not None
    assert shown[1].strip() == _drawing().strip()


def test_every_folder_of_ours_is_named_on_the_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    folders = {path.parent.name for path in (ROOT / "src" / "mainstay").glob("*/__init__.py")}

    missing = {folder for folder in folders if f"| `{folder}/` |" not in page}

    assert not missing
