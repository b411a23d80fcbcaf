"""mainstay.web on Flask: sessions in Redis, and an access log around them."""

from by_path import wsgi_by_path
from flask_pages import PATHS
from session_ours_flask import full, plain

from mainstay.web.accesslog import WSGIAccessLog

app = wsgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, WSGIAccessLog(full, format="combined"))})
