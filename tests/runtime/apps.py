"""The user's apps that the tests serve, as source."""

ASGI = """
import asyncio, os

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            print(message["type"])
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                print("disconnected", message.get("code"))
                return
            await send({"type": "websocket.send", "text": message["text"]})
    path = scope["path"]
    headers = [(b"content-type", b"text/plain")]
    if path == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(20):
            await send({"type": "http.response.body", "body": b"%d " % number, "more_body": True})
            await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"end"})
        return
    if path == "/forever":
        print("forever")
        await asyncio.sleep(3600)
    if path == "/slow":
        print("slow")
        await asyncio.sleep(1)
    body = str(os.getpid()).encode()
    if path.startswith("/env/"):
        body = os.environ.get(path[5:], "").encode()
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""

WSGI = """
import os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        print("slow")
        time.sleep(1)
    if environ["PATH_INFO"] == "/forever":
        print("forever")
        time.sleep(3600)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""

FASTAPI = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    app.state.word = "started"
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/items/{number}")
def item(number: int):
    return {"number": number, "word": app.state.word}
"""

FLASK = """
from flask import Flask, request

def create_app(greeting="hello"):
    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def index():
        if request.method == "POST":
            return request.form["name"]
        return greeting

    return app
"""

DJANGO = """
import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for a test")
django.setup()
urlpatterns = [path("hello", lambda request: HttpResponse(f"django {request.GET['name']}"))]
application = get_wsgi_application()
asgi = get_asgi_application()
"""

CLIENT_ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b" ".join([scope["client"][0].encode(), scope["scheme"].encode(), dict(scope["headers"])[b"host"]])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""

CLIENT_WSGI = """
def app(environ, start_response):
    body = " ".join([environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
