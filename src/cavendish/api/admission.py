"""What may come in: bodies up to a size, and so many calls a key at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from cavendish.api.state import state_of
from cavendish.errors import Cancelled, RateLimited, TooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from starlette.requests import Request

    from cavendish.domain.request import Principal


async def read_body(request: Request, *, max_bytes: int | None = None) -> bytes:
    """The whole body, counted while it arrives, so that an endless one is refused early.

    Raises:
        TooLarge: It is over the cap, by announcement or in fact.
        UnsupportedMediaType: It is compressed.
        Cancelled: The client left.
    """
    limit = state_of(request).settings.max_body_bytes if max_bytes is None else max_bytes
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the request body without Content-Encoding.")
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > limit:
                raise _too_large(limit)
    except ClientDisconnect as left:
        raise Cancelled("The caller left before the body was complete.") from left
    return bytes(received)


@contextmanager
def in_flight(request: Request, principal: Principal) -> Iterator[None]:
    """Count one open call of a key.

    Raises:
        RateLimited: The key has as many open as it may.
    """
    state = state_of(request)
    prefix = principal.key_prefix
    if state.in_flight.get(prefix, 0) >= state.settings.max_in_flight:
        raise RateLimited("Too Many Requests", retry_after_s=1)
    state.in_flight[prefix] = state.in_flight.get(prefix, 0) + 1
    try:
        yield
    finally:
        state.in_flight[prefix] -= 1
        if not state.in_flight[prefix]:
            del state.in_flight[prefix]


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request body is larger than {limit // (1024 * 1024)} MiB.")
