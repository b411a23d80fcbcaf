from mainstay.cli.developing import _is_address, _shown
from mainstay.client.connection import Refused
from mainstay.model.spec import AppSpec, PythonApp, TcpBind

WEB = AppSpec("web", PythonApp("main:app", "/usr/bin/python3"), "/", binds=(TcpBind("127.0.0.1", 8000),))


def test_an_address_that_cannot_be_had_is_told_from_code_that_does_not_run() -> None:
    assert _is_address(Refused("cannot start web: 127.0.0.1:8000 is in use by nginx"), [WEB])
    assert not _is_address(Refused("cannot start web: SyntaxError: invalid syntax"), [WEB])


def test_of_many_files_the_first_are_named() -> None:
    assert _shown({"a.py"}) == "a.py"
    assert _shown({f"{letter}.py" for letter in "abcde"}) == "a.py, b.py, c.py and 2 more"
