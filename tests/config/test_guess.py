from pathlib import Path

import pytest

from mainstay.config.guess import only_defines_an_app, target_in, target_of, web_app_in

from .files import write


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("from fastapi import FastAPI\nservice = FastAPI(title='x')\n", "service"),
        ("import flask\nweb: flask.Flask = flask.Flask(__name__)\n", "web"),
        ("application = get_wsgi_application()\n", "application"),
        ("def create_app(): ...\n", "create_app()"),
        ("async def app(scope, receive, send): ...\n", "app"),
        ("x = 1\n", ""),
        ("def app(:\n", ""),
        ("other = thing()\n", ""),
    ],
)
def test_a_web_app_is_recognised(tmp_path: Path, text: str, attribute: str) -> None:
    assert web_app_in(str(write(tmp_path / "main.py", text))) == attribute


def test_a_file_that_is_not_there_has_no_app(tmp_path: Path) -> None:
    assert web_app_in(str(tmp_path / "main.py")) == ""


def test_a_target_is_named_from_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "shop" / "api" / "__init__.py", "def create_app(): ...\n")

    assert target_of(str(path), str(tmp_path)) == "shop.api:create_app()"
    assert target_of(str(path), str(tmp_path / "other")) == ""


def test_usual_files_are_looked_at_here_and_one_folder_down(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "asgi.py", "async def application(scope, receive, send): ...\n")

    assert target_in(str(tmp_path), str(tmp_path)) == "shop.asgi:application"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "app.include_router(router)\n@app.get('/')\ndef index(): ...\n",
        "app.add_middleware(X)\napp.mount('/x', y)\nlogging.basicConfig()\n",
    ],
)
def test_a_file_that_only_defines_an_app_is_recognised(tmp_path: Path, rest: str) -> None:
    path = write(tmp_path / "main.py", f'"""Doc."""\nfrom fastapi import FastAPI\napp = FastAPI()\n{rest}')

    assert only_defines_an_app(str(path))


@pytest.mark.parametrize("rest", ["if __name__ == '__main__':\n    serve()\n", "uvicorn.run(app)\n", "main()\n"])
def test_a_file_that_may_serve_its_app_is_a_script(tmp_path: Path, rest: str) -> None:
    path = write(tmp_path / "main.py", f"from fastapi import FastAPI\napp = FastAPI()\n{rest}")

    assert not only_defines_an_app(str(path))


def test_a_file_without_an_app_is_a_script(tmp_path: Path) -> None:
    assert not only_defines_an_app(str(write(tmp_path / "main.py", "x = 1\n")))
