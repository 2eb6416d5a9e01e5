"""`POST /v1/images/generations`: pictures and a sentence in, edited pictures out."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from cavendish.api.admission import admitted, read_body
from cavendish.api.auth import principal_of
from cavendish.api.dialects import images as dialect
from cavendish.api.disconnect import unless_disconnected
from cavendish.api.origin import origin_of
from cavendish.api.state import state_of
from cavendish.domain.money import usd_of
from cavendish.errors import InternalFault, InvalidRequest, UnsupportedMediaType

if TYPE_CHECKING:
    from cavendish.domain.request import EditRequest, Principal
    from cavendish.jobs.states import Edit, EditResult
    from cavendish.service import EditService

router = APIRouter()

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": dialect.ImagesBody.model_json_schema()}},
    }
}


@router.post("/v1/images/generations", openapi_extra=_BODY)
@router.post("/v1/images/generations/", include_in_schema=False)
@router.post("/images/generations", include_in_schema=False)
@router.post("/images/generations/", include_in_schema=False)
async def generate(request: Request) -> JSONResponse:
    """Edit the given pictures as the prompt says."""
    principal = await principal_of(request)
    with admitted(request, principal):
        asked = await _parse(request)
        edit, result = await _edit(request, principal, asked)
        body = await _render(request, asked, result)
        return JSONResponse(body, headers=_headers(edit, result))


async def _parse(request: Request) -> EditRequest:
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media.startswith("multipart/") or media == "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("Send the request body as application/json.")
    strict = "handling=strict" in request.headers.get("prefer", "").replace(" ", "").lower()
    raw = await read_body(request)
    return await asyncio.to_thread(dialect.parse, raw, strict=strict, own_origin=origin_of(request))


async def _edit(request: Request, principal: Principal, asked: EditRequest) -> tuple[Edit, EditResult]:
    """Submit and wait; a client that leaves without an idempotency key takes its edit with it."""
    service = state_of(request).service
    key = _idempotency_key(request)
    edit = await service.submit(principal, asked, edit_id=request.scope["state"]["request_id"], idempotency_key=key)

    def on_leave() -> None:
        if key is None:
            service.cancel(edit)

    outcome = await unless_disconnected(request, service.wait(edit), on_leave=on_leave)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.result is not None, "an outcome without an error has a result"
    request.scope["state"].setdefault("canonical", {})["credits"] = outcome.result.credits_charged
    return edit, outcome.result


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= 255:
        raise InvalidRequest("Idempotency-Key must have 1 to 255 characters.", param="Idempotency-Key")
    return key


async def _render(request: Request, asked: EditRequest, result: EditResult) -> dict[str, Any]:
    contents = None
    if asked.output.transport == "b64_json":
        contents = [await _base64(state_of(request).service, file.name) for file in result.files]
    return dialect.render(result, request=asked, origin=origin_of(request), contents=contents)


async def _base64(service: EditService, name: str) -> bytes:
    data = await service.read_file(name)
    if data is None:
        raise InternalFault("The result is no longer kept here.")
    return await asyncio.to_thread(base64.b64encode, data)


def _headers(edit: Edit, result: EditResult) -> dict[str, str]:
    headers = {
        "x-inference-id": edit.id,
        "x-aimlapi-credits-used": str(result.credits_charged),
        "x-aimlapi-usd-spent": f"{usd_of(result.credits_charged):.9f}",
    }
    return headers | ({"Idempotency-Replayed": "true"} if edit.replayed else {})
