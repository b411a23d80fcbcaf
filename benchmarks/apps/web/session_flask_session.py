"""Flask-Session with its sessions in Redis."""

import os

from by_path import wsgi_by_path
from flask_pages import PATHS, pages
from flask_session import Session
from redis import Redis

plain = pages("plain")
full = pages("full")
full.config["SESSION_TYPE"] = "redis"
full.config["SESSION_REDIS"] = Redis.from_url(os.environ["REDIS_URL"])
Session(full)
app = wsgi_by_path({"/bare": plain, **dict.fromkeys(PATHS, full)})
