"""mainstay.web on Starlette: sessions in Redis."""

import os

from by_path import asgi_by_path
from session_data import SECRET
from starlette_pages import PATHS, pages

from mainstay.web.sessions import Sessions
from mainstay.web.sessions.stores.redis import RedisStore

plain = pages()
# Not Secure, as the load comes over http.
full = Sessions(plain, store=RedisStore(os.environ["REDIS_URL"]), secret=SECRET, secure=False)
app = asgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, full)})
