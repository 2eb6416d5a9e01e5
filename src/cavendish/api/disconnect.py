"""The one watcher: notices that a client has left while its answer is being made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from starlette.requests import Request

T = TypeVar("T")


async def unless_disconnected(request: Request, answer: Awaitable[T], *, on_leave: Callable[[], None]) -> T:
    """Await `answer`; should the client leave first, call `on_leave` once and go on waiting for what comes of it.

    Args:
        request: A request whose body has been read to its end.
        answer: What the client waits for.
        on_leave: Makes `answer` end soon; never blocks.
    """
    waiting = asyncio.ensure_future(answer)
    watching = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            on_leave()
        return await waiting
    finally:
        watching.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
