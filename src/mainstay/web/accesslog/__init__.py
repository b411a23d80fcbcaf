"""The access log: a line for each request, in any format, safe against what requests send. See docs/web-log.md.

app.add_middleware(AccessLog)                                  # Starlette, FastAPI: combined in production, else dev
app.add_middleware(AccessLog, format="json", to="access.log", skip=Quiet(path="/healthz"))
app.wsgi_app = WSGIAccessLog(app.wsgi_app)                     # Flask
"""

from mainstay.web.accesslog.asgi import AccessLog
from mainstay.web.accesslog.choosing import Quiet, sampled
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.formats import FormatError, Tokens, compile_format
from mainstay.web.accesslog.identity import WithRequestId, request_id, trace_id
from mainstay.web.accesslog.wsgi import WSGIAccessLog

__all__ = [
    "AccessLog",
    "Exchange",
    "FormatError",
    "Quiet",
    "Tokens",
    "WSGIAccessLog",
    "WithRequestId",
    "compile_format",
    "request_id",
    "sampled",
    "trace_id",
]
