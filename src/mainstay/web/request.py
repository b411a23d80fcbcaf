"""What the middlewares read of a request, the same from an ASGI scope and from a WSGI environ: nothing is changed.

Header values are latin-1 text, as bytes came; a header that was sent several times is one value, joined with ", "
(RFC 9110 section 5.3). The path is the one of the request line, not decoded: a decoded one can hold line breaks.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

# Any: ASGI's scope and WSGI's environ are open dictionaries.
Scope = Mapping[str, Any]
Environ = Mapping[str, Any]

_AS_WRITTEN = "/:@!$&'()*+,;=~-._"
"""What a path may hold as it is (RFC 3986 section 3.3); all else is encoded where the server kept only the decoded."""
_BETWEEN = {b"cookie": b"; "}
"""HTTP/2 sends one cookie a header; joined with a comma they could not be told apart (RFC 9113 section 8.2.3)."""
_NOT_HTTP = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def scope_header(scope: Scope, name: bytes) -> str | None:
    """The header of that name, which is in lower case; None when it was not sent."""
    found = [value for key, value in scope["headers"] if key == name]
    if not found:
        return None
    return (found[0] if len(found) == 1 else _BETWEEN.get(name, b", ").join(found)).decode("latin-1")


def environ_header(environ: Environ, name: str) -> str | None:
    """The header of that name, which is in lower case and has dashes; None when it was not sent.

    Servers put headers that were sent several times together themselves; most with a comma and no space.
    """
    value = environ.get(_NOT_HTTP.get(name) or "HTTP_" + name.upper().replace("-", "_"))
    if value == "" and name in _NOT_HTTP:  # wsgiref and others set both always
        return None
    return value


def scope_path(scope: Scope) -> str:
    """The path as it was sent, percent-encoded, without the query; of servers that do not keep it, encoded anew."""
    raw: bytes | None = scope.get("raw_path")
    if raw:
        return raw.partition(b"?")[0].decode("latin-1")
    return quote(scope["path"], _AS_WRITTEN, errors="surrogatepass")


def scope_query(scope: Scope) -> str:
    """The query as it was sent, without its question mark; empty when there is none."""
    return scope.get("query_string", b"").decode("latin-1")  # type: ignore[no-any-return]  # bytes: ASGI says so


def environ_path(environ: Environ) -> str:
    """The path as it was sent, percent-encoded, without the query; of servers that do not keep it, encoded anew."""
    if "asgi.scope" in environ:  # our own runtime, and a2wsgi: the scope this environ was made of
        return scope_path(environ["asgi.scope"])
    target: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if target:
        return target.partition("?")[0]
    decoded = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return quote(decoded.encode("latin-1"), _AS_WRITTEN)


def environ_query(environ: Environ) -> str:
    """The query as it was sent, without its question mark; empty when there is none."""
    return environ.get("QUERY_STRING", "")  # type: ignore[no-any-return]  # PEP 3333: a str


def scope_url(scope: Scope) -> str:
    """Path and query as one text, as in the request line: what access logs call the URL."""
    query = scope_query(scope)
    return f"{scope_path(scope)}?{query}" if query else scope_path(scope)


def environ_url(environ: Environ) -> str:
    """Path and query as one text, as in the request line: what access logs call the URL."""
    query = environ_query(environ)
    return f"{environ_path(environ)}?{query}" if query else environ_path(environ)
