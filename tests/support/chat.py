"""A chat endpoint of our own that answers as scripted and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.listening import QuietHandler, listening, send


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict

    @property
    def instruction(self) -> dict:
        """The user's message."""
        return json.loads(self.body["messages"][1]["content"])


@dataclass
class Chat:
    """The script: `answer` sends what a test wants and may wait for `ending`, which is set when the test is over."""

    origin: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: send(handler, b"{}")
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What belongs in `planner.url`."""
        return f"{self.origin}/v1"

    def says(self, content: object) -> None:
        """Answer every question with a completion of this text; anything but a text is sent as JSON."""
        text = content if isinstance(content, str) else json.dumps(content)
        body = json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]})
        self.answer = lambda handler: send(handler, body.encode())

    def plans(self, *steps: dict) -> None:
        """Answer with a plan."""
        self.says({"steps": list(steps)})


@contextmanager
def running_chat() -> Iterator[Chat]:
    """Listen on a free port of 127.0.0.1."""
    chat = Chat()

    class Handler(QuietHandler, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.calls.append(Call(self.path, dict(self.headers), body))
            with suppress(ConnectionError):  # the client leaves at its deadline
                chat.answer(self)

    with listening(Handler) as chat.origin:
        try:
            yield chat
        finally:
            chat.ending.set()
