"""Bytes to pictures: caps first, then pixels — upright, sRGB, 8 bits a channel."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
from PIL import ImageCms, ImageOps

from cavendish.domain.limits import DecodeSettings
from cavendish.errors import UnreadableImage
from cavendish.imaging.image import Image
from cavendish.imaging.metadata import read_metadata

FORMATS = ("PNG", "JPEG", "WEBP")
"""Pillow's names of the formats we read."""

PIL.Image.MAX_IMAGE_PIXELS = None  # our own cap, below, is checked before any pixel is decoded


@dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are read: Pillow's format name and the stored (width, height)."""

    format: str
    size: tuple[int, int]

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size[0] * self.size[1]


def decode_all(files: Sequence[bytes], settings: DecodeSettings) -> tuple[Image, ...]:
    """Decode the pictures of one request, in order.

    Args:
        files: One file's bytes a picture.
        settings: Caps, checked on every header before the first pixel is decoded.

    Returns:
        One `Image` a file.

    Raises:
        UnreadableImage: A file is damaged, of another kind or over a cap; `param` is `image_urls[i]`.
    """
    headers = [read_header(data, settings, param=f"image_urls[{i}]") for i, data in enumerate(files)]
    total = sum(header.pixels for header in headers)
    if total > settings.max_total_pixels:
        raise UnreadableImage(
            f"The pictures hold {total:,} pixels together; at most {settings.max_total_pixels:,} are allowed.",
            param="image_urls",
        )
    return tuple(_decode(data, param=f"image_urls[{i}]") for i, data in enumerate(files))


def read_header(data: bytes, settings: DecodeSettings, *, param: str) -> Header:
    """Read format and size without decoding pixels.

    Raises:
        UnreadableImage: Not one of `FORMATS`, damaged, or over `settings.max_pixels`.
    """
    try:
        with warnings.catch_warnings(), PIL.Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            warnings.simplefilter("ignore")
            header = Header(str(opened.format), opened.size)
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableImage(_unreadable(param), param=param) from error
    if header.pixels > settings.max_pixels:
        raise UnreadableImage(
            f"{param} is {header.size[0]}×{header.size[1]}, {header.pixels:,} pixels; "
            f"at most {settings.max_pixels:,} are allowed.",
            param=param,
        )
    return header


def _decode(data: bytes, *, param: str) -> Image:
    try:
        with warnings.catch_warnings(), PIL.Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            warnings.simplefilter("ignore")
            opened.load()
            metadata = read_metadata(opened)
            upright = ImageOps.exif_transpose(opened)
            pixels = np.array(_to_srgb(upright))
    except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as error:
        raise UnreadableImage(_unreadable(param), param=param) from error
    return Image(_drop_opaque_alpha(pixels), metadata)


def _unreadable(param: str) -> str:
    return f"{param} is not a picture this server can read (PNG, JPEG and WebP are), or it is damaged."


def _to_srgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if transparent else "RGB"
    if picture.mode.startswith("I;16"):
        return PIL.Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert(mode)
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture.convert(mode)
    # Palettes and colors that stand for transparency are spelled out first: a profile speaks of color values.
    plain = picture if picture.mode in {"L", "CMYK"} and not transparent else picture.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return picture.convert(mode)  # a broken profile says nothing; the pixels are still a picture
    return converted if converted is not None else picture.convert(mode)


def _drop_opaque_alpha(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        return np.ascontiguousarray(pixels[..., :3])
    return pixels
