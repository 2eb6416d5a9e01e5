"""The images dialect: one superset body for AI/ML-style and OpenAI-style clients of `/v1/images/generations`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cavendish.api.dialects.zod import line_of
from cavendish.domain.models import MODELS
from cavendish.domain.money import usd_of
from cavendish.domain.request import MASK, EditRequest, FileFormat, OutputOptions, Pointing, Transport
from cavendish.domain.sizes import nearest_ratio
from cavendish.errors import InvalidRequest, UnknownModel
from cavendish.fetching.sources import classify
from cavendish.jobs.states import EditResult
from cavendish.planning.given import read_plan

Ratio = Literal["21:9", "1:1", "4:3", "3:2", "2:3", "5:4", "4:5", "3:4", "16:9", "9:16", "auto"]

PROMPT_LIMIT = 32_000


def _whole(value: object) -> object:
    """JSON knows one kind of number: 2.0 is the integer 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Whole = Annotated[int, BeforeValidator(_whole)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = Annotated[list[Fraction], Field(min_length=2, max_length=2)]


class ImagesBody(BaseModel):
    """Every field of the body that has a meaning here; other keys are kept apart and reported as ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    model: str
    prompt: Annotated[str, Field(min_length=1, max_length=PROMPT_LIMIT)] = ""
    plan: dict[str, Any] | None = None
    image_urls: list[str] = []
    points: Annotated[list[Point], Field(min_length=1, max_length=16)] | None = None
    box: Annotated[list[Fraction], Field(min_length=4, max_length=4)] | None = None
    mask: str | None = None
    num_images: Annotated[Whole, Field(ge=1, le=4)] = 1
    aspect_ratio: Ratio | None = None
    seed: Annotated[Whole, Field(ge=0, le=4_294_967_295)] | None = None
    response_format: Transport | None = None
    output_format: Literal["png", "jpeg", "webp", "url", "b64_json"] | None = None
    output_compression: Annotated[Whole, Field(ge=0, le=100)] | None = None
    convert_base64_to_url: bool | None = None
    keep_metadata: bool = False
    partial: Literal["allow", "refuse"] = "allow"
    enhance_prompt: bool = False
    add_watermark: bool = False
    person_generation: Literal["allow_adult", "dont_allow"] = "allow_adult"
    safety_setting: Literal["block_medium_and_above", "block_low_and_above", "block_only_high"] = (
        "block_medium_and_above"
    )
    provider: Annotated[Literal["auto", "google", "fal"], BeforeValidator(_lower)] = "auto"


_SYNONYMS = {"n": "num_images", "image_url": "image_urls", "image": "image_urls"}
"""Other clients' names; each counts only where the native key is absent."""

_SIZES = ("size", "image_size")

_NO_EFFECT = frozenset({"provider"})
"""Accepted by the contract and without effect here, so reported as ignored."""


@dataclass(frozen=True)
class _Merged:
    """A body with `extra_body` and synonyms resolved, and under which key each field came."""

    fields: dict[str, Any]
    names: Mapping[str, str]
    ignored: tuple[str, ...]


def parse(raw: bytes, *, strict: bool, own_origin: str) -> EditRequest:
    """Read a body.

    Args:
        raw: JSON text.
        strict: Whether unknown keys are errors (`Prefer: handling=strict`, RFC 7240).
        own_origin: Origin whose `/files/…` are ours.

    Returns:
        The request, every field checked.

    Raises:
        InvalidRequest: Not JSON, or a field is not what the contract allows; the message has a line a field.
        UnknownModel: The model id is not in the catalog.
    """
    merged = _merge(_object(raw))
    unknown = [key for key in merged.ignored if key not in _NO_EFFECT]
    if strict and unknown:
        raise _invalid(f"Unrecognized key(s) in object: {', '.join(map(repr, unknown))}", unknown[0])
    try:
        body = ImagesBody.model_validate(merged.fields)
    except ValidationError as error:
        raise _field_errors(error, merged) from error
    if body.model not in MODELS:
        expected = " | ".join(f"'{model}'" for model in MODELS)
        raise UnknownModel(
            f"Body validation error!\nInvalid enum value. Expected {expected}, received '{body.model[:100]}'",
            param="model",
        )
    _refuse_unhonourable(body)
    return EditRequest(
        model=body.model,
        prompt=_prompt(body),
        plan=read_plan(body.plan, param="plan") if body.plan is not None else None,
        images=_images(body, merged.names.get("image_urls", "image_urls")),
        num_images=body.num_images,
        aspect_ratio=body.aspect_ratio,
        seed=body.seed,
        output=_output(body),
        partial=body.partial,
        ignored=merged.ignored,
        own_origins=frozenset({own_origin}),
        pointing=_pointing(body),
    )


def render(result: EditResult, *, request: EditRequest, origin: str, contents: list[bytes] | None) -> dict[str, Any]:
    """The answer in both shapes its readers know.

    Args:
        result: What was delivered.
        request: What was asked.
        origin: Origin that addresses begin with.
        contents: Base64 text of each file where the answer carries the files themselves, else None.

    Returns:
        JSON value. The transport that was not chosen is left out, since some clients test for its presence.
    """
    data, images = [], []
    for i, file in enumerate(result.files):
        inline = {"b64_json": contents[i].decode()} if contents else {}
        address = {"url": f"{origin}/files/{file.name}"}
        data.append((inline or address) | {"mime_type": file.content_type})
        images.append(
            address
            | inline
            | {
                "content_type": file.content_type,
                "file_name": f"output.{file.name.rpartition('.')[2]}",
                "file_size": file.size_bytes,
                "width": file.width,
                "height": file.height,
            }
        )
    usage = {"credits_used": result.credits_charged, "usd_spent": float(usd_of(result.credits_charged))}
    return {
        "created": int(result.created_s),
        "model": request.model,
        "data": data,
        "images": images,
        "description": result.description,
        "meta": {"usage": usage, "edit": result.report},
    }


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8-sig")  # RFC 8259, 8.1: UTF-8; a byte order mark may be passed over
        value = json.loads(text)
        if "\\u" in text:  # half a surrogate pair is no character: it could be read, but never sent back
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("Body validation error!\nInvalid JSON in the request body") from error
    if not isinstance(value, dict):
        kind = {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
        raise InvalidRequest(f"Body validation error!\nExpected object, received {kind}")
    return value


def _merge(body: dict[str, Any]) -> _Merged:
    """Flatten `extra_body`, drop nulls, resolve synonyms; explicit and native keys win."""
    extra = body.get("extra_body")
    flat = {key: value for key, value in body.items() if key != "extra_body"}
    everything = {**extra, **flat} if isinstance(extra, dict) else body
    card = MODELS.get(str(everything.get("model")))
    required = {"model"} | ({"prompt"} if everything.get("plan") is None else set())
    required |= {"image_urls"} if card is None or card.images_required else set()
    fields = {key: value for key, value in everything.items() if value is not None or key in required}
    names: dict[str, str] = {}
    for other, native in _SYNONYMS.items():
        if other in fields and native not in fields:
            value = fields.pop(other)
            fields[native] = [value] if native == "image_urls" and isinstance(value, str) else value
            names[native] = other
    used_sizes = [key for key in _SIZES if key in fields and _take_size(fields, key)]
    known = set(ImagesBody.model_fields) - _NO_EFFECT
    ignored = tuple(key for key in fields if key not in known and key not in used_sizes)
    return _Merged(fields, names, ignored)


def _take_size(fields: dict[str, Any], key: str) -> bool:
    """Read a pixel size as the nearest ratio, where the native key is absent; False where it says nothing."""
    value = fields[key]
    if isinstance(value, dict):
        value = f"{value.get('width')}x{value.get('height')}"
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value) if isinstance(value, str) else None
    if match is None or "aspect_ratio" in fields:
        return False
    fields["aspect_ratio"] = nearest_ratio((int(match[1]), int(match[2])))
    return True


def _field_errors(error: ValidationError, merged: _Merged) -> InvalidRequest:
    found = error.errors(include_url=False, include_context=True)
    lines, params = [], []
    for item in found[:20]:
        field = str(item["loc"][0])
        place = merged.names.get(field, field) + "".join(
            f"[{part}]" for part in item["loc"][1:] if isinstance(part, int)
        )
        lines.append(f'{line_of(item)} at "{place}"')
        params.append(place)
    return InvalidRequest("Body validation error!\n" + "\n".join(lines), param=params[0])


def _invalid(line: str, param: str) -> InvalidRequest:
    return InvalidRequest(f"Body validation error!\n{line}", param=param)


def _refuse_unhonourable(body: ImagesBody) -> None:
    """Fields of the contract whose effect we cannot have: a clear no is better than a silent one."""
    cannot = {
        "enhance_prompt": body.enhance_prompt and "this server never rewrites prompts; leave it out or send false",
        "add_watermark": body.add_watermark and "this server writes no watermark; leave it out or send false",
        "person_generation": body.person_generation != "allow_adult"
        and "this server makes no people, so only 'allow_adult' is accepted",
        "safety_setting": body.safety_setting != "block_medium_and_above"
        and "this server has no adjustable filter, so only 'block_medium_and_above' is accepted",
    }
    for field, reason in cannot.items():
        if reason:
            raise _invalid(f'Unsupported value at "{field}": {reason}', field)


def _prompt(body: ImagesBody) -> str:
    if body.plan is None and not body.prompt.strip():
        line = "Required" if "prompt" not in body.model_fields_set else "String must contain at least 1 character(s)"
        raise _invalid(f'{line} at "prompt"', "prompt")
    return body.prompt


def _images(body: ImagesBody, name: str) -> tuple[str, ...]:
    card = MODELS[body.model]
    if card.images_required and not body.image_urls:
        line = "Array must contain at least 1 element(s)" if "image_urls" in body.model_fields_set else "Required"
        raise _invalid(f'{line} at "{name}"', name)
    if card.edits and len(body.image_urls) > card.max_images:
        raise _invalid(f'Array must contain at most {card.max_images} element(s) at "{name}"', name)
    for i, image in enumerate(body.image_urls):
        _require_source(image, f"{name}[{i}]")
    return tuple(body.image_urls)


def _require_source(source: str, name: str) -> None:
    try:
        classify(source)
    except InvalidRequest as error:
        raise _invalid(f'{error.public_message} at "{name}"', name) from error


def _pointing(body: ImagesBody) -> Pointing | None:
    """Where to act; our own addition to the contract."""
    used = [name for name in (MASK, "box", "points") if getattr(body, name) is not None]
    if not used:
        return None
    if not MODELS[body.model].edits:
        raise _invalid(f'Unsupported value at "{used[0]}": {body.model} takes no pictures', used[0])
    if body.mask is not None:
        if len(used) > 1:
            raise _invalid(f'Unsupported value at "{MASK}": give either a mask, or points and a box', MASK)
        _require_source(body.mask, MASK)
        return Pointing(mask=body.mask)
    if body.box and not (body.box[0] < body.box[2] and body.box[1] < body.box[3]):
        raise _invalid('Left must be less than right, and top less than bottom, at "box"', "box")
    return Pointing(tuple((x, y) for x, y in body.points or ()), tuple(body.box or ()))


def _output(body: ImagesBody) -> OutputOptions:
    """File format and transport; `output_format` carries either, depending on the client."""
    formats: dict[str, FileFormat] = {"png": "png", "jpeg": "jpeg", "webp": "webp"}
    inline = body.convert_base64_to_url is False or "b64_json" in {body.response_format, body.output_format}
    explicit_url = body.response_format == "url"
    options = OutputOptions(
        format=formats.get(body.output_format or "png", "png"),
        keep_metadata=body.keep_metadata,
        transport="b64_json" if inline and not explicit_url else "url",
    )
    if body.output_compression is None:
        return options
    return OutputOptions(options.format, body.output_compression, options.keep_metadata, options.transport)
