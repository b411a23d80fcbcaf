"""Asking a user's database file something: in their own interpreter, as their code is not ours to import."""

from __future__ import annotations

import json
import os
import subprocess

from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.database_file import Target
    from mainstay.settings.database.inquiry import Answer, Question

_SCRIPT = ("settings", "database", "inquiry.py")
_IMPORTING = 60.0
"""Seconds the file may take to be imported."""


class NotAnswered(MainstayError):
    """The file, its section or its database is not as it should be; `answer` is what is known all the same."""

    def __init__(self, message: str, hint: str, answer: Answer) -> None:
        super().__init__(message, hint=hint)
        self.answer = answer


class Asking:
    """How the questions of one command are put: to which file, in which environment, with which interpreter."""

    __slots__ = ("environment", "python", "target", "venv")

    def __init__(self, target: Target, environment: str, python: str, venv: str) -> None:
        self.target = target
        self.environment = environment
        self.python = python
        self.venv = venv

    def ask(self, what: str, *, reveal: bool = False, timeout: float = 0.0) -> Answer:
        """The answer to `url`, `check` or `client`. Raises NotAnswered, with one line."""
        question: Question = {
            "ask": what,
            "target": self.target.module,
            "attribute": self.target.attribute,
            "root": self.target.root,
            "environment": self.environment,
            "reveal": reveal,
            "timeout": timeout,
        }
        answer = self._run(question, timeout)
        if "error" in answer:
            raise NotAnswered(answer["error"], answer.get("hint", ""), answer)
        return answer

    def _run(self, question: Question, timeout: float) -> Answer:
        from mainstay.config.layers import activated

        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        argv = [self.python, os.path.join(here, *_SCRIPT), json.dumps(question)]
        environ = activated(os.environ, self.venv) if self.venv else dict(os.environ)
        try:
            ran = subprocess.run(
                argv,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=timeout + _IMPORTING,
                check=False,
            )
        except subprocess.TimeoutExpired:
            text = f"cannot import {self.target.module}: it takes longer than {_IMPORTING:g} s"
            raise NotAnswered(text, "a file that declares databases should do nothing else", {}) from None
        except OSError as error:
            raise NotAnswered(f"cannot run {self.python}: {error.strerror or error}", "", {}) from None
        try:
            answer: Answer = json.loads(ran.stdout)
        except ValueError:
            text = f"cannot import {self.target.module}: {self.python} ended with {ran.returncode}"
            raise NotAnswered(text, "", {}) from None
        return answer
