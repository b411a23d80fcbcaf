"""What type checkers are told of the options is what they are."""

import ast
import inspect
from dataclasses import fields
from typing import get_type_hints

from mainstay.web.accesslog import choosing, formats, keywords, logger, tokens
from mainstay.web.accesslog.keywords import Keywords
from mainstay.web.accesslog.logger import Options

NAMES = {**vars(choosing), **vars(formats), **vars(tokens), **vars(logger)}


def test_each_option_is_a_keyword_of_the_same_type() -> None:
    keywords_there_are = get_type_hints(Keywords, None, NAMES)

    assert keywords_there_are == get_type_hints(Options, NAMES)
    assert [*keywords_there_are] == [field.name for field in fields(Options)]


def test_no_option_needs_to_be_given() -> None:
    assert Keywords.__required_keys__ == frozenset()
    assert Options().format is None


def test_nothing_is_imported_for_the_types_alone() -> None:
    imported = [node for node in ast.parse(inspect.getsource(keywords)).body if isinstance(node, ast.ImportFrom)]

    assert {node.module for node in imported} == {"collections.abc", "typing"}
