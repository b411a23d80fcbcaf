"""Web apps for the tests of this folder, as source, and the folder they are imported from."""

from pathlib import Path

GOOD = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
STARTS_A_CHILD = GOOD + '\nimport subprocess; subprocess.Popen(["sleep", "1000"], start_new_session={session})\n'
NO_IMPORT = "import nothing_of_this_name\n"
DIES_AS_IT_STARTS = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


def write(folder: Path, **sources: str) -> Path:
    """Modules in a folder of their own; the folder."""
    folder.mkdir(exist_ok=True)
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return folder
