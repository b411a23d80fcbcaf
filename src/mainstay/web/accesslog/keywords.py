"""The keywords of `AccessLog` and `WSGIAccessLog`, for type checkers; what they mean is said in `Options`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from mainstay.web.accesslog.choosing import Skip
    from mainstay.web.accesslog.formats import Compat, FormatFunction
    from mainstay.web.accesslog.logger import Sink
    from mainstay.web.accesslog.tokens import Token


class Keywords(TypedDict, total=False):
    """As the fields of `Options`."""

    format: "str | FormatFunction | None"
    compat: "Compat"
    tokens: "Mapping[str, Token]"
    formats: "Mapping[str, str | FormatFunction]"
    skip: "Skip | Iterable[Skip]"
    immediate: bool
    to: "Sink"
    colours: bool | None
    request_id: bool
    redact_headers: Iterable[str]
    redact_parameters: Iterable[str]
    headers: Iterable[str]
    response_headers: Iterable[str]
