"""A program between a test and a server that others use too: hung or killed, it is as if the server were.

python -m tests.servers.relay PORT TARGET_PORT
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.process import Process, free_port, listens_on

_ROOT = Path(__file__).resolve().parents[2]


class Relay:
    """A relay to one port of this machine."""

    def __init__(self, folder: Path, target: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        argv = [sys.executable, str(Path(__file__)), str(self.port), str(target)]
        self.process = Process(argv, folder / "relay.log", lambda: listens_on(self.port), {"PYTHONPATH": str(_ROOT)})


@contextmanager
def relay_to(folder: Path, target: int) -> Iterator[Relay]:
    """One that runs meanwhile."""
    relay = Relay(folder, target)
    with relay.process.running():
        yield relay


async def _serve(port: int, target: int) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
