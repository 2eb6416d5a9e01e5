"""What may come in: bodies up to a size, and so many calls a key at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from cavendish.api.state import state_of
from cavendish.errors import Cancelled, Overloaded, RateLimited, TooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from starlette.requests import Request

    from cavendish.domain.request import Principal


@contextmanager
def admitted(request: Request, principal: Principal) -> Iterator[None]:
    """Count one open call of a key, and let go of its body's bytes at the end.

    Raises:
        RateLimited: The key has as many calls open as it may.
    """
    state = state_of(request)
    calls, prefix = state.load.calls, principal.key_prefix
    if calls.get(prefix, 0) >= state.settings.max_in_flight:
        raise RateLimited("Too Many Requests", retry_after_s=1)
    calls[prefix] = calls.get(prefix, 0) + 1
    try:
        yield
    finally:
        state.load.body_bytes -= request.scope["state"].get("body_bytes", 0)
        calls[prefix] -= 1
        if not calls[prefix]:
            del calls[prefix]


async def read_body(request: Request) -> bytes:
    """The whole body, counted while it arrives, so that an endless one is refused early; inside `admitted`.

    Raises:
        TooLarge: It is over the cap, by announcement or in fact.
        Overloaded: All bodies held at this moment are over their cap together.
        UnsupportedMediaType: It is compressed.
        Cancelled: The client left.
    """
    limit = state_of(request).settings.max_body_bytes
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the request body without Content-Encoding.")
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            _hold(request, len(chunk))
            if len(received) > limit:
                raise _too_large(limit)
    except ClientDisconnect as left:
        raise Cancelled("The caller left before the body was complete.") from left
    return bytes(received)


def _hold(request: Request, size_bytes: int) -> None:
    state = state_of(request)
    held = request.scope["state"]
    held["body_bytes"] = held.get("body_bytes", 0) + size_bytes
    state.load.body_bytes += size_bytes
    if state.load.body_bytes > state.settings.max_bodies_bytes:
        raise Overloaded("Service unavailable: too many large requests at once. Try again shortly.", retry_after_s=2)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request body is larger than {limit:,} bytes.")
