"""The examples of docs/settings.md do what the page says."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^(?P<code>\S.*?)\s+# -> (?P<value>.*)$", re.MULTILINE)


def test_the_examples_do_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", {})
    namespace: dict[str, object] = {"__file__": str(tmp_path / "app.py"), "__name__": "app", "folder": tmp_path}
    shown, printed = 0, ""
    for number, (language, text) in enumerate(blocks):
        if language == "python":
            for following in blocks[number + 1 :]:
                _write_file(tmp_path, following[1])
                if following[0] == "python":
                    break
            exec(text, namespace)
            printed = capsys.readouterr().out.replace(f"{tmp_path}/", "")
            for line in SHOWN.finditer(text):
                assert eval(line["code"], namespace) == _meant(line["value"], namespace), line["code"]
                shown += 1
        elif not text.startswith("# file:"):
            assert text == printed
            shown += 1
        else:
            _write_file(tmp_path, text)

    assert shown == len(SHOWN.findall(PAGE.read_text())) + 2


def _write_file(folder: Path, text: str) -> None:
    if text.startswith("# file: "):
        file = folder / text.partition("\n")[0].removeprefix("# file: ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.partition("\n")[2] if "secrets" in file.parts else text)
        file.chmod(0o644)


class _Shown(str):
    """What a repr looks like."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return repr(other) == str(self)

    __hash__ = str.__hash__


def _meant(value: str, namespace: dict[str, object]) -> object:
    """The value that the page shows: an expression, or a repr."""
    try:
        return eval(value, namespace)
    except (SyntaxError, NameError):
        return _Shown(value)
