"""Health: `live` says the process answers, `ready` says it takes work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from cavendish.api.state import state_of

router = APIRouter()


@router.api_route("/health/live", methods=["GET", "HEAD"])
async def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.api_route("/health", methods=["GET", "HEAD"], include_in_schema=False)
@router.api_route("/health/ready", methods=["GET", "HEAD"])
async def ready(request: Request) -> JSONResponse:
    """The database answers and new edits are accepted; 503 otherwise."""
    state = state_of(request)
    if state.runner.draining:
        return JSONResponse({"status": "draining"}, 503)
    await state.accounts.has_keys()
    return JSONResponse({"status": "ok"})
