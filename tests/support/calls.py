"""Calling the images endpoint as a plain client does, and reading the answers back."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import httpx2
import numpy as np
import PIL.Image

from tests.support.listening import QuietHandler, listening, send
from tests.support.pictures import data_uri, scene
from tests.support.server import MODEL

GENERATIONS = "/v1/images/generations"

ABSENT = object()
"""Takes a key out of the body `Caller` would send."""

SMALL = data_uri(scene(64, 48))
"""A picture that costs the server a few milliseconds."""


@dataclass
class Caller:
    """An API client with a body that works, from which each test departs."""

    http: httpx2.Client

    def body(self, **changes) -> dict:
        """The working body with `changes`; `ABSENT` removes a key."""
        works = {"model": MODEL, "prompt": "make it black and white", "image_urls": [SMALL], "aspect_ratio": "auto"}
        return {key: value for key, value in (works | changes).items() if value is not ABSENT}

    def send(self, *, path: str = GENERATIONS, headers: dict[str, str] | None = None, **changes) -> httpx2.Response:
        """Post the body; any status."""
        return self.http.post(path, json=self.body(**changes), headers=headers or {})

    def edit(self, *, headers: dict[str, str] | None = None, **changes) -> dict:
        """Post the body; the answer of a 200."""
        response = self.send(headers=headers, **changes)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, *, status: int = 400, headers: dict[str, str] | None = None, **changes) -> Refusal:
        """Post the body; the problem of a refusal."""
        return refusal(self.send(headers=headers, **changes), status=status)

    def upload(self, data: bytes) -> str:
        """The address of an uploaded file."""
        response = self.http.post("/v1/files", content=data)
        assert response.status_code == 200, response.text
        return response.json()["url"]

    def result(self, answer: dict, index: int = 0) -> bytes:
        """The bytes of one delivered file, fetched without a key."""
        with httpx2.Client(trust_env=False, timeout=60) as anyone:
            response = anyone.get(answer["data"][index]["url"])
        assert response.status_code == 200, response.text
        return response.content

    def picture(self, answer: dict, index: int = 0) -> PIL.Image.Image:
        """One delivered picture, decoded."""
        return PIL.Image.open(io.BytesIO(self.result(answer, index)))


@dataclass(frozen=True)
class Refusal:
    """The parts of the error envelope that clients read."""

    kind: str
    param: str | None
    message: str

    @property
    def lines(self) -> list[str]:
        """The lines behind `Body validation error!`."""
        return self.message.split("\n")[1:]


ENVELOPE = {"requestId", "statusCode", "status", "title", "timestamp", "path", "message", "error"}


def refusal(response: httpx2.Response, *, status: int) -> Refusal:
    """Check that a response is the error envelope, and read it."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == ENVELOPE
    assert body["statusCode"] == body["status"] == status
    assert body["requestId"] == response.headers["x-request-id"]
    assert set(body["error"]) == {"name", "message", "type", "code", "param", "data"}
    assert body["error"]["message"] == body["message"]
    return Refusal(body["error"]["data"]["kind"], body["error"]["param"], body["message"])


def png_chunks(data: bytes) -> list[tuple[str, bytes]]:
    """Type and data of every chunk of a PNG file, checksums verified."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + content),)
        chunks.append((kind.decode(), content))
        at += 12 + length
    return chunks


def png_texts(data: bytes) -> dict[str, str]:
    """Keyword to text of a PNG's iTXt chunks (PNG third edition, 11.3.3.4)."""
    texts = {}
    for kind, content in png_chunks(data):
        if kind == "iTXt":
            keyword, rest = content.split(b"\0", 1)
            compressed, rest = rest[0], rest[2:]
            _language, _translated, text = rest.split(b"\0", 2)
            texts[keyword.decode("latin-1")] = (zlib.decompress(text) if compressed else text).decode()
    return texts


def made_of(data: bytes) -> dict:
    """What a result file says of its own making: {"seed", "output", "plan"}."""
    return json.loads(png_texts(data)["cavendish:edit"])


def huge_png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(np.zeros(64, np.uint8).tobytes())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@dataclass
class Web:
    """A web server of our own: what it serves, and which paths were asked for."""

    origin: str
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, content: bytes, *, status: int = 200, media: str = "image/png") -> str:
        """Serve `content` under `path`; returns the address."""
        self.pages[path] = (status, media, content)
        return self.origin + path


@contextmanager
def running_web() -> Iterator[Web]:
    """Serve pages on a free port of 127.0.0.1."""
    web = Web("")

    class Handler(QuietHandler, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append(self.path)
            status, media, content = web.pages.get(self.path, (404, "text/plain", b"no such page"))
            send(self, content, status=status, **{"Content-Type": media})

    with listening(Handler) as web.origin:
        yield web
