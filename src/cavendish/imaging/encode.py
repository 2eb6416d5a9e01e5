"""Pictures to bytes: PNG by default, JPEG and WebP on request; always tagged sRGB."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import PIL.Image
from PIL import ImageCms

from cavendish.imaging.metadata import tag_png

if TYPE_CHECKING:
    from cavendish.domain.request import OutputOptions
    from cavendish.imaging.image import Image

_PNG_FLAGS = (
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_PAETH,
)


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
        return tag_png(_write_png(image), text=text, metadata=metadata)
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


def _write_png(image: Image) -> bytes:
    order = cv2.COLOR_RGB2BGR if image.alpha is None else cv2.COLOR_RGBA2BGRA
    done, buffer = cv2.imencode(".png", cv2.cvtColor(image.pixels, order), _PNG_FLAGS)
    assert done, "OpenCV writes PNG in every build"
    return buffer.tobytes()


@cache
def _srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
