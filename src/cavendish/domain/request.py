"""A request after parsing: every field checked, every synonym resolved, no trace of its wire shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan

MASK = "mask"
"""The field that names a mask."""

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
class Pointing:
    """Where in the first picture something is to be done, pointed at instead of said.

    Args:
        points: (x, y) of things, as fractions 0–1 of the picture's width and height.
        box: (left, top, right, bottom) around a thing, as fractions 0–1; empty for none.
        mask: A picture of the same shape, named as `images` are, white where something is to be done or, where it
            has transparent pixels, transparent there; "" for none.
    """

    points: tuple[tuple[float, float], ...] = ()
    box: tuple[float, ...] = ()
    mask: str = ""


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
        pointing: Where to act, or None where only the words say so.
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
    pointing: Pointing | None = None

    @property
    def sources(self) -> dict[str, str]:
        """What the request names to be read, by field: its pictures in order, and after them the mask, if any."""
        pictures = dict(zip(picture_fields(len(self.images)), self.images, strict=True))
        return pictures | ({MASK: self.pointing.mask} if self.pointing and self.pointing.mask else {})


def picture_fields(count: int) -> tuple[str, ...]:
    """The fields that name so many pictures, such as `image_urls[0]`, in order."""
    return tuple(f"image_urls[{i}]" for i in range(count))


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Args:
        account_id: The account that pays.
        key_prefix: First 8 characters of the key, public.
    """

    account_id: str
    key_prefix: str
