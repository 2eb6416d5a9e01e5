"""Pictures to bytes: PNG by default, JPEG and WebP on request; always tagged sRGB."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from PIL import ImageCms

from cavendish.imaging.metadata import png_chunks
from cavendish.imaging.png import write_png

if TYPE_CHECKING:
    from cavendish.domain.request import OutputOptions
    from cavendish.imaging.image import Image


def encode_image(image: Image, options: OutputOptions, *, text: Mapping[str, str]) -> bytes:
    """Write one picture as a file.

    Args:
        image: The picture; transparency survives in PNG and WebP and lies on white in JPEG.
        options: Format, quality and whether EXIF and DPI are kept.
        text: Keyword to text, stored in PNG files as iTXt.

    Returns:
        The file's bytes.
    """
    if options.format == "png":
        metadata = image.metadata if options.keep_metadata else None
        return write_png(image.pixels, chunks=png_chunks(text=text, metadata=metadata))
    extra: dict[str, Any] = {"quality": options.compression, "icc_profile": _srgb_profile()}
    if options.keep_metadata:
        extra |= {"exif": image.metadata.exif} if image.metadata.exif else {}
        extra |= {"dpi": image.metadata.dpi} if image.metadata.dpi else {}
    pixels = flatten_on_white(image) if options.format == "jpeg" else image.pixels
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, options.format.upper(), **extra)
    return buffer.getvalue()


def flatten_on_white(image: Image) -> np.ndarray:
    """The color planes over white, h×w×3 uint8, blended as viewers do (in encoded values)."""
    if image.alpha is None:
        return image.rgb
    alpha = image.alpha[..., None].astype(np.uint16)
    return ((image.rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


@cache
def _srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
