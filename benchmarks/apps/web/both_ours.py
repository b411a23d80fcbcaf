"""mainstay.web on Starlette: sessions in Redis, and an access log around them."""

from by_path import asgi_by_path
from session_ours import full, plain
from starlette_pages import PATHS

from mainstay.web.accesslog import AccessLog

app = asgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, AccessLog(full, format="combined"))})
