"""Pictures to bytes: PNG by default, JPEG and WebP on request; always tagged sRGB."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from PIL import ImageCms
from PIL.ExifTags import Base

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.metadata import png_chunks
from cavendish.imaging.png import write_png

if TYPE_CHECKING:
    from cavendish.domain.request import FileFormat, OutputOptions
    from cavendish.imaging.image import Image, Metadata

_MOST_PX: dict[FileFormat, int] = {"png": 2**31 - 1, "jpeg": 65_500, "webp": 16_383}
"""Longest side: PNG 11.2.1; libjpeg's own limit, a little under the format's 65,535; RFC 9649, 2.5."""

_STRIP_ROWS = 64
_LEAST_QUALITY = 40
"""Below it, blocks show; fewer pixels look better then."""

_SMALLER = PIL.Image.Resampling.LANCZOS
_INCH = 2  # TIFF 6.0, tag 296


@dataclass(frozen=True)
class Encoded:
    """A file and the (width, height) of the picture in it."""

    data: bytes
    size: tuple[int, int]


def encode_image(image: Image, options: OutputOptions, *, text: Mapping[str, str]) -> bytes:
    """Write one picture as a file.

    Args:
        image: The picture; transparency survives in PNG and WebP and lies on white in JPEG.
        options: Format, quality and whether EXIF and DPI are kept.
        text: Keyword to text, stored in PNG files as iTXt.

    Returns:
        The file's bytes.

    Raises:
        ParameterOutOfRange: The format cannot hold so many pixels a side.
    """
    _check_size(image, options.format)
    if options.format == "png":
        metadata = image.metadata if options.keep_metadata else None
        return write_png(image.pixels, chunks=png_chunks(text=text, metadata=metadata))
    extra: dict[str, Any] = {"quality": options.compression, "icc_profile": _srgb_profile()}
    if options.keep_metadata:
        extra |= _kept(image.metadata, options.format)
    pixels = flatten_on_white(image) if options.format == "jpeg" else image.pixels
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, options.format.upper(), **extra)
    return buffer.getvalue()


def encode_within(image: Image, options: OutputOptions, *, text: Mapping[str, str], max_bytes: int) -> Encoded:
    """Write one picture as a file of at most so many bytes: at lower quality, then with fewer pixels.

    Args:
        image: The picture.
        options: As for `encode_image`; its quality is the most that is tried.
        text: As for `encode_image`.
        max_bytes: Most bytes of the file.

    Returns:
        The file and its size in pixels: as good, and then as large, as fits.

    Raises:
        ParameterOutOfRange: No such file can hold the picture, or the format not so many pixels a side.
    """
    data = encode_image(image, options, text=text)
    while len(data) > max_bytes:
        best = _at_lower_quality(image, options, text, max_bytes)
        if best is not None:
            return Encoded(best, image.size)
        shrink = min(0.95, math.sqrt(max_bytes / len(data)))
        size = (max(1, int(image.size[0] * shrink)), max(1, int(image.size[1] * shrink)))
        if size == image.size:
            raise ParameterOutOfRange(f"No {options.format} file of at most {max_bytes:,} bytes can be made of it.")
        image = image.with_pixels(np.asarray(PIL.Image.fromarray(image.pixels).resize(size, _SMALLER)))
        data = encode_image(image, options, text=text)
    return Encoded(data, image.size)


def _at_lower_quality(image: Image, options: OutputOptions, text: Mapping[str, str], max_bytes: int) -> bytes | None:
    """The best file that fits, by bisection; None where the format has no quality or the least does not do."""
    if options.format == "png" or options.compression <= _LEAST_QUALITY:
        return None
    low, high, best = _LEAST_QUALITY, options.compression, None
    while low < high:
        quality = (low + high) // 2
        data = encode_image(image, replace(options, compression=quality), text=text)
        if len(data) <= max_bytes:
            low, best = quality + 1, data
        else:
            high = quality
    return best


def _check_size(image: Image, file_format: FileFormat) -> None:
    longest, most = max(image.size), _MOST_PX[file_format]
    if longest > most:
        raise ParameterOutOfRange(
            f"The answer is {image.size[0]}×{image.size[1]}; {file_format} files hold at most {most:,} pixels a side.",
            param="output_format",
        )


def _kept(metadata: Metadata, file_format: FileFormat) -> dict[str, Any]:
    """What Pillow is to write of the metadata; WebP has no place for a resolution but its EXIF."""
    exif = PIL.Image.Exif()
    exif.load(metadata.exif)
    if metadata.dpi and file_format == "webp":
        exif[Base.XResolution], exif[Base.YResolution] = metadata.dpi
        exif[Base.ResolutionUnit] = _INCH
    extra: dict[str, Any] = {"dpi": metadata.dpi} if metadata.dpi else {}
    return extra | ({"exif": exif.tobytes()} if len(exif) else {})


def flatten_on_white(image: Image) -> np.ndarray:
    """The color planes over white, h×w×3 uint8, blended as viewers do (in encoded values)."""
    if image.alpha is None:
        return image.rgb
    flat = np.empty_like(image.rgb, order="C")
    for top in range(0, flat.shape[0], _STRIP_ROWS):  # wider integers for the whole picture would be twice its size
        rows = slice(top, top + _STRIP_ROWS)
        alpha = image.alpha[rows, :, None].astype(np.uint16)
        flat[rows] = (image.rgb[rows] * alpha + 255 * (255 - alpha) + 127) // 255
    return flat


@cache
def _srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
