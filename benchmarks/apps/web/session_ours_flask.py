"""mainstay.web on Flask: sessions in Redis."""

import os

from by_path import wsgi_by_path
from flask_pages import PATHS, pages
from session_data import SECRET

from mainstay.web.sessions.flask import FlaskSessions
from mainstay.web.sessions.stores.redis_sync import SyncRedisStore

plain, full = pages("plain"), pages("full")
# Not Secure, as the load comes over http.
store = SyncRedisStore(os.environ["REDIS_URL"])
full.session_interface = FlaskSessions(store=store, secret=SECRET, secure=False)
app = wsgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, full)})
