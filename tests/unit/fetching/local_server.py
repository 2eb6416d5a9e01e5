"""A server on this machine that answers scripted bytes."""

import asyncio
from collections.abc import Awaitable, Callable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))

Answer = bytes | Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def ok(body=PNG, *headers, length=True):
    lines = ["HTTP/1.1 200 OK", *headers, *([f"Content-Length: {len(body)}"] if length else []), "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location, status=302):
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


class LocalServer:
    """Answers by path; an answer is raw bytes or a coroutine function of the connection's two ends."""

    def __init__(self):
        self.answers: dict[str, Answer] = {}
        self.heads: list[str] = []
        self.started = asyncio.Event()
        self.hung_up = asyncio.Event()
        self._server = None

    @property
    def port(self):
        return self._server.sockets[0].getsockname()[1]

    @property
    def paths(self):
        return [head.split(" ")[1] for head in self.heads]

    def url(self, path="/picture.png", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    async def stall(self, reader, writer):
        """Send the head and a first piece, then nothing until the client hangs up."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PNG)
        await writer.drain()
        self.started.set()
        await reader.read()
        self.hung_up.set()

    async def open(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            answer = self.answers[self.paths[-1]]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client may leave at any time
        finally:
            writer.close()
