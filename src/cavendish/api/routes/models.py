"""`GET /v1/models` and `GET /model/{id}`: what can be asked for and what it costs. No key needed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from cavendish.accounts.pricing import price_per_image
from cavendish.api.origin import origin_of
from cavendish.api.state import state_of
from cavendish.domain.models import MODELS, ModelCard
from cavendish.domain.money import usd_of
from cavendish.errors import NotFound

if TYPE_CHECKING:
    from cavendish.accounts.pricing import PricingSettings

router = APIRouter()

_INCLUDES = ("pricing", "modalities", "capabilities")


@router.api_route("/v1/models", methods=["GET", "HEAD"])
@router.get("/v1/models/", include_in_schema=False)
@router.get("/models", include_in_schema=False)
@router.get("/api/v1/models", include_in_schema=False)
async def list_models(request: Request) -> Response:
    """Every model id, with a weak ETag."""
    data = [_item(request, card) for card in MODELS.values()]
    etag = f'W/"{hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    return JSONResponse({"object": "list", "data": data}, headers={"ETag": etag})


@router.get("/model/{model_id:path}")
async def get_model(request: Request, model_id: str) -> JSONResponse:
    """One model; the id's slashes need no escaping and its case does not matter."""
    card = MODELS.get(model_id.lower())
    if card is None:
        raise NotFound(f"No model is called {model_id!r}.")
    return JSONResponse({"object": "model", "data": _item(request, card)})


def _item(request: Request, card: ModelCard) -> dict[str, Any]:
    asked = set(",".join(request.query_params.getlist("include")).lower().split(","))
    everything = "all" in asked or request.query_params.get("details") in {"true", "1"}
    details = _details(card, state_of(request).pricing)
    return {
        "id": card.id,
        "object": "model",
        "created": int(dt.datetime.fromisoformat(card.released_at).replace(tzinfo=dt.UTC).timestamp()),
        "owned_by": "cavendish",
        "aliases": [],
        "type": "openai/image-generations",
        "tags": ["playground:image"],
        "info": {
            "name": card.name,
            "developer": "Google",
            "description": card.description,
            "releasedAt": card.released_at,
            "url": f"{origin_of(request)}/model/{card.id}",
            "docsUrl": f"{origin_of(request)}/openapi.json",
        },
    } | {key: details[key] for key in _INCLUDES if everything or key in asked}


def _details(card: ModelCard, settings: PricingSettings) -> dict[str, Any]:
    price = float(usd_of(price_per_image(card.id, settings)))
    return {
        "pricing": {
            "kind": "fixed",
            "currency": "USD",
            "units": [{"name": "image", "price": price, "per": 1}],
        },
        "modalities": {"input": ["text", "image"] if card.edits else ["text"], "output": ["image"]},
        "capabilities": ["image-editing"] if card.edits else ["image-generation"],
    }
