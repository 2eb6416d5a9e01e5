"""One question to an OpenAI-compatible chat endpoint, bounded in time, in bytes and in calls at once.

The address is the operator's own setting, often a host on the LAN, so the address policy for pictures does not apply.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cavendish

if TYPE_CHECKING:
    from pydantic import SecretStr

MAX_ANSWER_BYTES = 256 * 1024

_AT_ONCE = 4
"""Calls open at once. The caller's thread comes from the pool that all planning shares, which holds at least 5; one
that finds no place here goes on without an answer, so a slow model cannot stop requests that need none."""


class ChatFailed(Exception):
    """There is no answer; says why in words that hold no prompt, key or address."""


class ChatEndpoint:
    """Asks a chat model from the calling thread; safe to share between threads.

    Args:
        url: Base address, without `/chat/completions`.
        key: Bearer token; empty sends none.
        deadline_s: Seconds one call may take, name resolution included.
    """

    def __init__(self, url: str, *, key: SecretStr, deadline_s: float) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._key = key
        self._deadline_s = deadline_s
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="chat")
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def ask(self, question: Mapping[str, Any]) -> str:
        """Post a question and return the text of the first choice.

        Args:
            question: Body of `POST /chat/completions`.

        Raises:
            ChatFailed: No answer in time, or one that is not a chat completion of at most `MAX_ANSWER_BYTES`.
        """
        if not self._places.acquire(blocking=False):
            raise ChatFailed("too many calls are open")
        asking = self._threads.submit(self._call, json.dumps(question).encode())
        try:
            # Timeouts of a connection count from its last byte; only waiting from outside bounds the whole call.
            answer = asking.result(timeout=self._deadline_s)
            content = json.loads(answer)["choices"][0]["message"]["content"]
        except TimeoutError as error:
            raise ChatFailed("deadline") from error
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ChatFailed("not a chat completion") from error
        if not isinstance(content, str):
            raise ChatFailed("no text in the answer")
        return content

    def _call(self, body: bytes) -> bytes:
        try:
            return self._post(body)
        finally:
            self._places.release()  # also after the caller has stopped waiting, and only then

    def _post(self, body: bytes) -> bytes:
        import httpcore2  # noqa: PLC0415 - an HTTP client that is off by default stays out of start-up

        timeouts = dict.fromkeys(("connect", "read", "write"), self._deadline_s)
        give_up_s = time.monotonic() + self._deadline_s
        received = bytearray()
        try:
            with httpcore2.stream(
                "POST", self._url, headers=self._headers(), content=body, extensions={"timeout": timeouts}
            ) as response:
                if response.status != 200:  # a redirect, too: the key is for this address only
                    raise ChatFailed(f"status {response.status}")
                for chunk in response.iter_stream():
                    received += chunk
                    if len(received) > MAX_ANSWER_BYTES:
                        raise ChatFailed("answer too large")
                    if time.monotonic() > give_up_s:
                        raise ChatFailed("deadline")
        except httpcore2.TimeoutException as error:
            raise ChatFailed("deadline") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise ChatFailed(type(error).__name__) from error
        return bytes(received)

    def _headers(self) -> list[tuple[str, str]]:
        key = self._key.get_secret_value()
        return [
            ("Host", urlsplit(self._url).netloc),  # httpcore2's own leaves the brackets of an IPv6 address out
            ("User-Agent", f"cavendish/{cavendish.__version__}"),
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),  # a compressed answer could unpack to any size
            *([("Authorization", f"Bearer {key}")] if key else []),
        ]
