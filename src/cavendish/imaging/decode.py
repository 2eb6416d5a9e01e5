"""Bytes to pictures: caps first, then pixels — upright, sRGB, 8 bits a channel."""

from __future__ import annotations

import dataclasses
import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PIL.Image
from PIL import ImageOps

from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import picture_fields
from cavendish.errors import UnreadableImage
from cavendish.imaging.damage import DAMAGED, load_whole
from cavendish.imaging.depth import settle_color_key
from cavendish.imaging.exif import orientation_of, settle_orientation
from cavendish.imaging.image import Image
from cavendish.imaging.metadata import read_metadata
from cavendish.imaging.unpack import to_srgb

try:
    from pillow_heif import register_heif_opener
except ImportError:  # the `heic` extra is not installed
    HEIC: tuple[str, ...] = ()
else:
    register_heif_opener(thumbnails=False)
    HEIC = ("HEIF",)

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", *HEIC)
"""Pillow's names of the formats we read."""

PIL.Image.MAX_IMAGE_PIXELS = None  # our own cap, below, is checked before any pixel is decoded

_DECODERS = threading.BoundedSemaphore(2)
"""Pictures decoded at the same time, whatever the number of workers: the caps bound memory only together with this."""

Size = tuple[int, int]

_ITEMS_BYTES = 1 << 16
_EXIF_ITEM = re.compile(rb"(infe.{8})Exif", re.DOTALL)
"""An entry of a HEIF or AVIF file's list of items (ISO/IEC 14496-12, 8.11.6); Pillow refuses an AVIF for its EXIF."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are read: Pillow's format name and the stored (width, height)."""

    format: str
    size: Size

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size[0] * self.size[1]


def decode_all(
    files: Sequence[bytes],
    settings: DecodeSettings,
    *,
    enough: Sequence[Size | None] | None = None,
    names: Sequence[str] = (),
) -> tuple[Image, ...]:
    """Decode the pictures of one request, in order.

    Args:
        files: One file's bytes a picture.
        settings: Caps, checked on every header before the first pixel is decoded.
        enough: A picture's least (width, height) that the edit needs, or None for all its pixels; a JPEG is then
            decoded at the smallest of its scales (1/2, 1/4, 1/8) that is no smaller.
        names: The field each file came by, for errors and notes; empty where all are `image_urls`.

    Returns:
        One `Image` a file.

    Raises:
        UnreadableImage: A file is damaged, of another kind or over a cap; `param` is its name.
    """
    wanted = [None] * len(files) if enough is None else list(enough)
    named = list(zip(names or picture_fields(len(files)), files, wanted, strict=True))
    total = sum(_decoded_pixels(data, settings, least, param=name) for name, data, least in named)
    if total > settings.max_total_pixels:
        raise UnreadableImage(
            f"The pictures hold {total:,} pixels together; at most {settings.max_total_pixels:,} are allowed.",
            param="image_urls",
        )
    return tuple(_decode(data, least, param=name) for name, data, least in named)


def read_header(data: bytes, settings: DecodeSettings, *, param: str) -> Header:
    """Read format and size without decoding pixels.

    Raises:
        UnreadableImage: Not one of `FORMATS`, damaged, or over `settings.max_pixels`.
    """
    with _opened(data, param=param) as picture:
        header = Header("JPEG" if picture.format == "MPO" else str(picture.format), picture.size)
    if header.pixels > settings.max_pixels:
        raise UnreadableImage(
            f"{param} is {header.size[0]}×{header.size[1]}, {header.pixels:,} pixels; "
            f"at most {settings.max_pixels:,} are allowed.",
            param=param,
        )
    return header


@contextmanager
def _opened(data: bytes, *, param: str) -> Iterator[PIL.Image.Image]:
    """Open a file and turn whatever its decoder raises into one clear error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _open(data) as picture:
                yield picture
    except (*DAMAGED, MemoryError) as error:
        raise UnreadableImage(
            f"{param} is not a picture this server can read ({', '.join(FORMATS)}), or it is damaged.", param=param
        ) from error


def _open(data: bytes) -> PIL.Image.Image:
    try:
        return PIL.Image.open(io.BytesIO(data), formats=FORMATS)
    except DAMAGED:
        hidden = _EXIF_ITEM.sub(rb"\1none", data[:_ITEMS_BYTES]) + data[_ITEMS_BYTES:]
        if hidden == data:
            raise
        return PIL.Image.open(io.BytesIO(hidden), formats=FORMATS)


def _decode(data: bytes, least: Size | None, *, param: str) -> Image:
    with _DECODERS, _opened(data, param=param) as picture:
        alpha = settle_color_key(picture, data)
        if picture.format == "PNG":  # its EXIF may stand behind its pixels
            load_whole(picture, data)
        metadata = dataclasses.replace(read_metadata(picture), notes=_left_out(picture, data, param))
        settle_orientation(picture)
        load_whole(picture, data, least=least and _as_stored(picture, least))
        if alpha is not None:
            picture.putalpha(alpha)
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = to_srgb(picture)
    return Image(_drop_opaque_alpha(pixels), metadata)


def _decoded_pixels(data: bytes, settings: DecodeSettings, least: Size | None, *, param: str) -> int:
    """How many pixels decoding will give, by asking the decoder; refuses what `read_header` refuses."""
    header = read_header(data, settings, param=param)
    if least is None or header.format != "JPEG":
        return header.pixels
    with _opened(data, param=param) as picture:
        picture.draft(None, _as_stored(picture, least))
        return picture.width * picture.height


def _as_stored(picture: PIL.Image.Image, size: Size) -> Size:
    """`size` of the upright picture in the file's own orientation."""
    sideways = orientation_of(picture) in {5, 6, 7, 8}
    return (size[1], size[0]) if sideways else size


def _left_out(picture: PIL.Image.Image, data: bytes, param: str) -> tuple[str, ...]:
    """What the answer must say of further frames or pages; they are not counted, since a chain may be endless."""
    if not _has_more(picture, data):
        return ()
    return (f"Only the first {'page' if picture.format == 'TIFF' else 'frame'} of {param} was used.",)


def _has_more(picture: PIL.Image.Image, data: bytes) -> bool:
    if picture.format != "GIF":
        return bool(getattr(picture, "is_animated", False))
    try:
        with PIL.Image.open(io.BytesIO(data), formats=("GIF",)) as apart:  # looking moves a GIF's reader
            return bool(getattr(apart, "is_animated", False))
    except DAMAGED:
        return True  # a frame that cannot be read is one all the same


def _drop_opaque_alpha(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        return np.ascontiguousarray(pixels[..., :3])
    return pixels
