"""Pure ASGI middleware: the request id, CORS, security headers and the canonical log line.

Never `BaseHTTPMiddleware`: it wraps `receive` and hides that a client has left.
"""

from __future__ import annotations

import re
import secrets
import string
import time
from typing import TYPE_CHECKING

from cavendish.telemetry import logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALPHABET = string.ascii_letters + string.digits + "_-"
_CLIENT_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_EXPOSED = (
    b"x-inference-id, x-request-id, x-client-request-id, x-aimlapi-credits-used, x-aimlapi-usd-spent, "
    b"idempotency-replayed, retry-after"
)
_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


_HEADER_NAMES = re.compile(rb"[A-Za-z0-9_, -]{1,2048}")
_USUAL_HEADERS = b"Authorization, Content-Type, X-Client-Request-Id, Idempotency-Key, Prefer, Range"


def _allowed_headers(given: dict[bytes, bytes]) -> bytes:
    """The usual ones and what a preflight asks for: SDKs send their own, and without cookies none of them is a risk."""
    asked = given.get(b"access-control-request-headers", b"")
    return _USUAL_HEADERS + b", " + asked if _HEADER_NAMES.fullmatch(asked) else _USUAL_HEADERS


def new_id() -> str:
    """A nanoid: 21 characters of a 64-letter alphabet, 126 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(21))


class RequestContext:
    """Mints the id, answers preflights, adds headers every answer carries, and logs one line a call."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        headers = [*_HEADERS, (b"x-request-id", request_id.encode())]
        client_id = given.get(b"x-client-request-id", b"")
        if _CLIENT_ID.fullmatch(client_id):
            headers.append((b"x-client-request-id", client_id))
        scope["state"]["headers"] = headers
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in given:
            allowed = [(b"access-control-allow-headers", _allowed_headers(given))]
            await send({"type": "http.response.start", "status": 204, "headers": headers + _PREFLIGHT + allowed})
            await send({"type": "http.response.body", "body": b""})
            return
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in headers if pair[0] not in own)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            logger().info(
                "request",
                request_id=request_id,
                method=scope["method"],
                path=scope["path"],
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
                **scope["state"].get("canonical", {}),
            )
