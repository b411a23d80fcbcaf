import subprocess
from pathlib import Path

import pytest

from mainstay.cli.ignored import Ignored


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        ".venv/lib/x.py",
        "node_modules/a/b.js",
        "shop/__pycache__/main.cpython-311.pyc",
        "logs/today.txt",
        "shop.sqlite3",
        "shop.sqlite3-wal",
        "app.log",
        "app.log.1",
        "main.py~",
        ".main.py.swp",
        "4913",
    ],
)
def test_what_no_project_means_to_watch_is_ignored(tmp_path: Path, path: str) -> None:
    assert Ignored(str(tmp_path))(str(tmp_path / path))


@pytest.mark.parametrize(
    "path", ["main.py", "templates/page.html", ".env", "mainstay.toml", "shop/logs.py", "data.json"]
)
def test_what_people_write_is_not(tmp_path: Path, path: str) -> None:
    assert not Ignored(str(tmp_path))(str(tmp_path / path))


def test_a_virtual_environment_is_known_by_its_mark(tmp_path: Path) -> None:
    (tmp_path / "my-env").mkdir()
    (tmp_path / "my-env" / "pyvenv.cfg").touch()

    assert Ignored(str(tmp_path))(str(tmp_path / "my-env" / "x.py"))


def test_patterns_of_ones_own_are_read_like_lines_of_a_gitignore(tmp_path: Path) -> None:
    ignored = Ignored(str(tmp_path), ["/out", "*.csv"])

    assert ignored(str(tmp_path / "out" / "a.py"))
    assert ignored(str(tmp_path / "data" / "x.csv"))
    assert not ignored(str(tmp_path / "data" / "out" / "a.py"))


def test_what_lies_elsewhere_is_ignored(tmp_path: Path) -> None:
    assert Ignored(str(tmp_path / "a"))(str(tmp_path / "b.py"))


RULES = """
# a comment
*.txt
!important.txt
/only-here.md
build/
docs/*.html
**/cache
a/**/z
\\#hash
[ab].cfg
foo?.ini
trailing.dat \x20
"""
PATHS = [
    *("x.txt", "important.txt", "sub/x.txt", "sub/important.txt", "only-here.md", "sub/only-here.md"),
    *("build/x.md", "sub/build/x.md", "docs/a.html", "docs/sub/a.html", "sub/docs/a.html", "cache/x.md"),
    *("sub/deep/cache/x.md", "a/z", "a/b/z", "a/b/c/z", "b/a/z", "#hash", "a.cfg", "c.cfg", "foo1.ini", "foo12.ini"),
    *("trailing.dat", "sub/kept.md", "sub/gone.md", "sub/deep/gone.md", "plain.md"),
]


def test_a_gitignore_means_what_git_takes_it_for(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(RULES)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").write_text("*.md\n!kept.md\n")
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    said = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", *PATHS], capture_output=True, text=True
    ).stdout.splitlines()
    ignored = Ignored(str(tmp_path))
    below = Ignored(str(tmp_path / "sub"))

    assert [path for path in PATHS if ignored(str(tmp_path / path))] == [p.strip('"') for p in said]
    assert below(str(tmp_path / "sub" / "x.txt"))
