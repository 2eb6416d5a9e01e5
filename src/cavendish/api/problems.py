"""The one table from errors to HTTP, and the one envelope every failure is sent in."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from cavendish import errors

STATUS: dict[type[errors.CavendishError], int] = {
    errors.InvalidRequest: 400,
    errors.UnsupportedEdit: 400,
    errors.UnknownModel: 400,
    errors.ModelUnavailable: 400,
    errors.Unauthorized: 401,
    errors.InsufficientCredits: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.IdempotencyMismatch: 422,
    errors.RateLimited: 429,
    errors.Cancelled: 499,
    errors.Overloaded: 503,
    errors.DeadlineExceeded: 504,
    errors.CavendishError: 500,
}

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "insufficient_quota",
    404: "not_found_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}


def status_of(error: errors.CavendishError) -> int:
    """The HTTP status of an error: its own kind's, or the nearest parent's."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_response(error: errors.CavendishError, *, request_id: str, path: str) -> JSONResponse:
    """The error in the contract's envelope, a superset of every form its clients read.

    Args:
        error: What went wrong.
        request_id: The call's id.
        path: The call's path.
    """
    status = status_of(error)
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(_envelope(error, status, request_id, path), status, headers)


def _envelope(error: errors.CavendishError, status: int, request_id: str, path: str) -> dict[str, Any]:
    title = "Client Closed Request" if status == 499 else HTTPStatus(status).phrase
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "requestId": request_id,
        "statusCode": status,
        "status": status,
        "title": title,
        "timestamp": now,
        "path": path,
        "message": error.public_message,
        "error": {
            "name": title.replace(" ", "") + "Exception",
            "message": error.public_message,
            "type": _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
            "code": None,
            "param": error.param,
            "data": {"kind": error.code},
        },
    }
