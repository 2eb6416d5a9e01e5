"""A request after parsing: every field checked, every synonym resolved, no trace of its wire shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan

Transport = Literal["url", "b64_json"]
FileFormat = Literal["png", "jpeg", "webp"]


@dataclass(frozen=True)
class OutputOptions:
    """How the answer's files are written and sent.

    Args:
        format: File format.
        compression: 0–100 quality of JPEG and WebP; unused by PNG.
        keep_metadata: Copy EXIF (GPS dropped) and DPI of the first picture into the answer.
        transport: Whether the answer holds addresses or the files themselves.
    """

    format: FileFormat = "png"
    compression: int = 95
    keep_metadata: bool = False
    transport: Transport = "url"


@dataclass(frozen=True)
class EditRequest:
    """What is to be done, whoever asked in whichever dialect.

    Args:
        model: A known model id.
        prompt: 1–32,000 characters; "" only where `plan` is given.
        images: The pictures as the request names them: http(s) URL, data URI, bare base64 or own `/files/…`.
        num_images: 1–4 pictures wanted.
        aspect_ratio: A table ratio, `auto`, or None where the request names none.
        seed: 0–4294967295, or None to let the server choose.
        output: How to write and send the results.
        partial: Whether a plan that can only partly be done is run (`allow`) or refused.
        plan: A plan given instead of a sentence.
        ignored: Body keys that were accepted and had no effect.
        own_origins: Origins whose `/files/…` are read from our own store.
    """

    model: str
    prompt: str
    images: tuple[str, ...]
    num_images: int = 1
    aspect_ratio: str | None = None
    seed: int | None = None
    output: OutputOptions = field(default_factory=OutputOptions)
    partial: Literal["allow", "refuse"] = "allow"
    plan: EditPlan | None = None
    ignored: tuple[str, ...] = ()
    own_origins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Args:
        account_id: The account that pays.
        key_prefix: First 8 characters of the key, public.
    """

    account_id: str
    key_prefix: str
