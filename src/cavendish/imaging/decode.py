"""Bytes to pictures: caps first, then pixels — upright, sRGB, 8 bits a channel."""

from __future__ import annotations

import dataclasses
import io
import struct
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PIL.Image
from PIL import ImageCms, ImageOps

from cavendish.domain.limits import DecodeSettings
from cavendish.errors import UnreadableImage
from cavendish.imaging.icc import convert, read_matrix_profile
from cavendish.imaging.image import Image, Metadata
from cavendish.imaging.metadata import read_metadata

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

# What Pillow's decoders raise on damaged files.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    OverflowError,
    struct.error,
)


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
    files: Sequence[bytes], settings: DecodeSettings, *, enough: Sequence[Size | None] | None = None
) -> tuple[Image, ...]:
    """Decode the pictures of one request, in order.

    Args:
        files: One file's bytes a picture.
        settings: Caps, checked on every header before the first pixel is decoded.
        enough: A picture's least (width, height) that the edit needs, or None for all its pixels; a JPEG is then
            decoded at the smallest of its scales (1/2, 1/4, 1/8) that is no smaller.

    Returns:
        One `Image` a file.

    Raises:
        UnreadableImage: A file is damaged, of another kind or over a cap; `param` is `image_urls[i]`.
    """
    wanted = [None] * len(files) if enough is None else list(enough)
    headers = [read_header(data, settings, param=f"image_urls[{i}]") for i, data in enumerate(files)]
    total = sum(_drafted_pixels(header, least) for header, least in zip(headers, wanted, strict=True))
    if total > settings.max_total_pixels:
        raise UnreadableImage(
            f"The pictures hold {total:,} pixels together; at most {settings.max_total_pixels:,} are allowed.",
            param="image_urls",
        )
    return tuple(
        _decode(data, least, param=f"image_urls[{i}]")
        for i, (data, least) in enumerate(zip(files, wanted, strict=True))
    )


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
        with warnings.catch_warnings(), PIL.Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            warnings.simplefilter("ignore")
            yield picture
    except (*_DAMAGED, MemoryError) as error:
        raise UnreadableImage(
            f"{param} is not a picture this server can read ({', '.join(FORMATS)}), or it is damaged.", param=param
        ) from error


def _decode(data: bytes, least: Size | None, *, param: str) -> Image:
    with _DECODERS, _opened(data, param=param) as picture:
        if least is not None and picture.format in {"JPEG", "MPO"}:
            picture.draft(None, _as_stored(picture, least))
        # Counting a TIFF's pages walks a chain that a hostile file makes quadratic; its first page is read, unsaid.
        frames = 1 if picture.format == "TIFF" else getattr(picture, "n_frames", 1)
        picture.load()
        metadata = _noted(read_metadata(picture), frames, param)
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = _to_srgb(picture)
    return Image(_drop_opaque_alpha(pixels), metadata)


def _as_stored(picture: PIL.Image.Image, size: Size) -> Size:
    """`size` of the upright picture in the file's own orientation."""
    sideways = picture.getexif().get(0x0112, 1) in {5, 6, 7, 8}
    return (size[1], size[0]) if sideways else size


def _drafted_pixels(header: Header, least: Size | None) -> int:
    if least is None or header.format != "JPEG":
        return header.pixels
    spare = min(max(header.size) / max(least), min(header.size) / min(least))
    scale = next((s for s in (8, 4, 2) if spare >= s), 1)
    return header.pixels // (scale * scale)


def _noted(metadata: Metadata, frames: int, param: str) -> Metadata:
    if frames <= 1:
        return metadata
    return dataclasses.replace(metadata, notes=(f"Only the first of {frames} frames of {param} was used.",))


def _to_srgb(picture: PIL.Image.Image) -> npt.NDArray[np.uint8]:
    """Pixels as sRGB, h×w×3 or, where the file has transparency, h×w×4."""
    picture = _eight_bit(picture)
    transparent = "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info
    profile = picture.info.get("icc_profile") or b""
    matrix = read_matrix_profile(profile) if profile else None
    if matrix is not None and picture.mode != "CMYK":
        pixels = _pixels(picture, transparent=transparent)
        if not matrix.is_srgb:
            pixels = pixels.copy()
            pixels[..., :3] = convert(np.ascontiguousarray(pixels[..., :3]), matrix)
        return pixels
    if profile and picture.mode in {"CMYK", "RGB", "L"} and not transparent:
        converted = _by_littlecms(picture, profile)
        if converted is not None:
            return np.asarray(converted)
    return _pixels(picture, transparent=transparent)


def _pixels(picture: PIL.Image.Image, *, transparent: bool) -> npt.NDArray[np.uint8]:
    """The picture as an array, with no copy but the one that leaves Pillow."""
    mode = "RGBA" if transparent else "RGB"
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))


def _eight_bit(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Wider gray modes rescaled to 8 bits; Pillow itself would clip them to white."""
    if picture.mode.startswith("I;16"):
        return PIL.Image.fromarray(((np.asarray(picture, np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8))
    if picture.mode == "I":  # 16-bit gray PNG and TIFF in 32-bit integers
        return PIL.Image.fromarray(np.clip(np.asarray(picture, np.int64) * 255 // 65_535, 0, 255).astype(np.uint8))
    if picture.mode == "F":
        values = np.nan_to_num(np.asarray(picture, np.float32))
        top = float(values.max()) if values.size and values.max() > 1 else 1.0
        return PIL.Image.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8))
    return picture


def _by_littlecms(picture: PIL.Image.Image, profile: bytes) -> PIL.Image.Image | None:
    """Table-based and CMYK profiles, perceptual; None where the profile is broken, which says nothing of the pixels."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _drop_opaque_alpha(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        return np.ascontiguousarray(pixels[..., :3])
    return pixels
