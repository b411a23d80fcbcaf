"""asgi-logger, with the fields of `combined`."""

from asgi_logger import AccessLoggerMiddleware
from bare_asgi_one import one
from by_path import asgi_by_path

COMBINED = '%(h)s %(l)s %(u)s %(t)s "%(request_line)s" %(s)s %(b)s "%(f)s" "%(a)s"'

app = asgi_by_path({"/bare": one, "/logged": AccessLoggerMiddleware(one, format=COMBINED)})
