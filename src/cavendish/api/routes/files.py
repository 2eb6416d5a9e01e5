"""`/v1/files` and `/files/…`: uploads in, results out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response

from cavendish.api.admission import admitted, read_body
from cavendish.api.auth import principal_of
from cavendish.api.origin import origin_of
from cavendish.api.state import state_of
from cavendish.errors import InvalidRequest, NotFound
from cavendish.storage.names import CONTENT_TYPES, content_type_of, created_s, is_name, new_name
from cavendish.storage.store import StoredFile

if TYPE_CHECKING:
    from cavendish.domain.limits import DecodeSettings
    from cavendish.domain.request import Principal

router = APIRouter()


@router.post("/v1/files")
@router.post("/v1/files/", include_in_schema=False)
@router.post("/files", include_in_schema=False)
async def upload(request: Request) -> JSONResponse:
    """Keep a picture, sent as the raw body or as the multipart field `file`, so that requests can name it."""
    principal = await principal_of(request)
    with admitted(request, principal):
        file, now_s = await _keep(request, principal, await _uploaded(request))
    return JSONResponse(_described(file, origin_of(request), now_s, state_of(request).keep_files_s))


async def _keep(request: Request, principal: Principal, data: bytes) -> tuple[StoredFile, float]:
    """Store a file under a new name, once it is known to be a picture; returns it and the time, in seconds."""
    state = state_of(request)
    file_format, size = await asyncio.to_thread(_inspect, data, state.decode)
    now_s = time.time()
    name = new_name(file_format, now_s=now_s)
    file = StoredFile(name, CONTENT_TYPES[file_format], len(data), *size)
    await state.store.save(name, data)
    await state.files.add_upload(file, account_id=principal.account_id, now_s=now_s, keep_s=state.keep_files_s)
    return file, now_s


@router.api_route("/files/{name}", methods=["GET", "HEAD"])
async def download(request: Request, name: str) -> Response:
    """A result or an upload; no key is needed, since the name cannot be guessed. Answers range requests."""
    state = state_of(request)
    path = state.store.path(name) if is_name(name) else None
    if path is None or not await state.files.is_kept(name, now_s=time.time()) or not path.exists():
        raise NotFound("No such file; it may have expired.")
    headers = _FILE_HEADERS | {
        "ETag": f'"{name}"',  # a name is never used for other bytes
        "Cache-Control": f"public, max-age={_lifetime_left_s(name, state.keep_files_s)}, immutable",
    }
    if f'"{name}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=content_type_of(name), headers=headers)


_FILE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def _lifetime_left_s(name: str, keep_s: float) -> int:
    return max(0, int(created_s(name) + keep_s - time.time()))


async def _uploaded(request: Request) -> bytes:
    """The picture's bytes, from either form of body; the cap holds while it arrives."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await read_body(request)
    body = await read_body(request)
    replayed = Request(request.scope, _receive_of(body))
    try:
        form = await replayed.form(max_files=1, max_fields=10)
    except HTTPException as error:  # what Starlette makes of a MultiPartException inside an application
        raise InvalidRequest(f"Malformed multipart body: {error.detail}", param="file") from error
    field = form.get("file")
    if not isinstance(field, UploadFile):
        raise InvalidRequest(
            'Required at "file": send the picture as a multipart file or as the raw body.', param="file"
        )
    return await field.read()


def _receive_of(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _inspect(data: bytes, settings: DecodeSettings) -> tuple[str, tuple[int, int]]:
    from cavendish.imaging.decode import read_header  # noqa: PLC0415 - Pillow and OpenCV stay out of start-up

    header = read_header(data, settings, param="file")
    return header.format.lower(), header.size


def _described(file: StoredFile, origin: str, now_s: float, keep_s: float) -> dict[str, Any]:
    return {
        "id": file.name,
        "object": "file",
        "url": f"{origin}/files/{file.name}",
        "bytes": file.size_bytes,
        "content_type": file.content_type,
        "width": file.width,
        "height": file.height,
        "created_at": int(now_s),
        "expires_at": int(now_s + keep_s),
    }
