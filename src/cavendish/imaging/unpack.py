"""A decoded picture of any mode as an array: 8 bits a channel, sRGB, a tile at a time.

Whole-frame temporaries are what memory goes into: at 50 megapixels one of floats takes 600 MB.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import PIL.Image
from PIL import ImageCms

from cavendish.imaging.depth import wide_gray
from cavendish.imaging.icc import convert, read_matrix_profile

Bytes = npt.NDArray[np.uint8]
Tile = PIL.Image.Image

_TILE_PIXELS = 1 << 17

_GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def to_srgb(picture: PIL.Image.Image) -> Bytes:
    """Copy a loaded picture's pixels into an array.

    Args:
        picture: Loaded and upright, of any mode Pillow reads; `info` holds its profile and transparent color.

    Returns:
        h×w×3 sRGB or, where the file has transparency, h×w×4 with straight alpha.

    Raises:
        ValueError: A mode with no way to sRGB, such as CIELAB.
    """
    transparent = picture.mode in _ALPHA_MODES or "transparency" in picture.info
    plain, colors = _plain(picture, transparent=transparent), _color_conversion(picture)
    answer = np.empty((picture.height, picture.width, 4 if transparent else 3), np.uint8)
    for left, top, right, bottom in _tiles(picture.size):
        tile, part = plain(picture.crop((left, top, right, bottom))), answer[top:bottom, left:right]
        if colors is None:
            part[...] = np.asarray(_in_mode(tile, "RGBA" if transparent else "RGB"))
            continue
        part[..., :3] = colors(tile)
        if transparent:
            part[..., 3] = np.asarray(tile.getchannel("A"))
    return answer


def _tiles(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    width, height = size
    columns = min(width, _TILE_PIXELS)
    rows = _TILE_PIXELS // columns
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield left, top, min(left + columns, width), min(top + rows, height)


def _plain(picture: PIL.Image.Image, *, transparent: bool) -> Callable[[Tile], Tile]:
    """What turns a tile into mode L, LA, RGB, RGBA or CMYK."""
    wide = wide_gray(picture)
    if wide is not None:
        return wide.narrow
    if picture.mode == "CMYK":
        return lambda tile: tile
    mode = ("L" if picture.mode in _GRAY_MODES else "RGB") + ("A" if transparent else "")
    return lambda tile: _in_mode(tile, mode)


def _in_mode(tile: Tile, mode: str) -> Tile:
    return tile if tile.mode == mode else tile.convert(mode)


def _color_conversion(picture: PIL.Image.Image) -> Callable[[Tile], Bytes] | None:
    """What turns a plain tile's colors into sRGB by the picture's profile.

    None where there is nothing to convert, or where the profile is broken or of another kind of picture: that says
    nothing of the pixels.
    """
    profile = picture.info.get("icc_profile") or b""
    space = profile[16:20]  # ICC.1:2022, 7.2.8
    if space == b"RGB " and picture.mode != "CMYK":
        matrix = read_matrix_profile(profile)
        if matrix is None:
            return _by_littlecms(profile, "RGB")
        return None if matrix.is_srgb else lambda tile: convert(np.asarray(_in_mode(tile, "RGB")), matrix)
    if space == b"GRAY" and picture.mode in _GRAY_MODES:
        return _by_littlecms(profile, "L")
    if space == b"CMYK" and picture.mode == "CMYK":
        return _by_littlecms(profile, "CMYK")
    return None


def _by_littlecms(profile: bytes, mode: str) -> Callable[[Tile], Bytes] | None:
    """Table-based, gray and CMYK profiles, perceptual."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return lambda tile: np.asarray(ImageCms.applyTransform(_in_mode(tile, mode), transform))
