"""Blur of a part of a picture or all of it: out of focus, in motion, or in coarse blocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.resample import lifted
from cavendish.pixels.bokeh import blur_disc
from cavendish.pixels.strips import LightRows, shrunk_light, shrunk_plane

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Floats = npt.NDArray[np.float32]
    Filter = Callable[[Floats], Floats]

_FINE_PX = 8.0
"""Radius from which nothing is left that a smaller picture could not hold."""
_MARGIN_PX = 9

_LEAST_SHARE = 1e-3

_ZOOM, _ZOOM_AREA, _ZOOM_SHOWS_PX = 0.35, 3_000_000, 4.0
"""Most by which a zoom enlarges, pixels it is worked out at, and the length from which a streak hides what is sharp."""

_MINIATURE = 0.016
"""Radius of the full blur of a miniature, of the longer side."""

_LAYERS = (0.0, 0.25, 0.55, 1.0)
"""Blurs that are mixed, as shares of the full one; about equally far apart to the eye."""

_FALL_OFF = 0.3
"""Of the height: from the band's edge to the full blur."""


def defocused(light: LightRows, shape: tuple[int, int], where: Plane | None, *, radius_px: float) -> LightRows:
    """Put a part of a picture out of focus, with nothing of its surroundings in it.

    Args:
        light: Makes the picture.
        shape: (h, w) of the picture.
        where: h×w, 0–1: the part; None for all of it.
        radius_px: Radius of the disc that a point becomes; at least 0.

    Returns:
        Makes the part blurred; what it looks like elsewhere is of no meaning.

    Raises:
        ParameterOutOfRange: `radius_px` is negative.

    Source:
        Circle of confusion: Potmesil and Chakravarty, 1981. Only the part's own light counts, as in normalized
        convolution: Knutsson and Westin, 1993.
    """
    if radius_px < 0:
        raise ParameterOutOfRange("radius_px must be at least 0", param="radius_px")
    if radius_px < _FINE_PX:
        return _filtered(light, shape, where, lambda part: _disc(part, radius_px), math.ceil(radius_px) + 1)
    shrink = radius_px / _FINE_PX
    size = (max(1, round(shape[1] / shrink)), max(1, round(shape[0] / shrink)))
    small, share = _shrunk(light, shape, where, size)
    rows = _filtered(
        lambda wanted: LinearRGB(small[wanted]), size[::-1], share, lambda part: _disc(part, _FINE_PX), _MARGIN_PX
    )
    return _plain(lifted(np.asarray(rows(slice(0, size[1]))), (shape[1], shape[0])))


def streaked(
    light: LightRows, shape: tuple[int, int], where: Plane | None, *, angle_deg: float, length_px: float
) -> LightRows:
    """Streak a part of a picture along a line, as if it had moved while the shutter was open.

    Args:
        light: Makes the picture.
        shape: (h, w) of the picture.
        where: h×w, 0–1: the part; None for all of it.
        angle_deg: Of the movement, clockwise from the right.
        length_px: Length of the path, at least 1, which is identity.

    Returns:
        Makes the part streaked; what it looks like elsewhere is of no meaning.

    Raises:
        ParameterOutOfRange: `length_px` is below 1.

    Source:
        Uniform motion during the exposure, Gonzalez & Woods, Digital Image Processing, 5.6.3.
    """
    if length_px < 1:
        raise ParameterOutOfRange("length_px must be at least 1", param="length_px")
    kernel = _path(angle_deg, length_px)

    def streak(part: Floats) -> Floats:
        return np.asarray(cv2.filter2D(part, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)

    return _filtered(light, shape, where, streak, kernel.shape[0] // 2)


def zoomed(light: LightRows, shape: tuple[int, int], *, center: tuple[float, float], amount: float) -> LightRows:
    """Streak outwards from a point, as if the lens had been zoomed while the shutter was open.

    Args:
        light: Makes the picture.
        shape: (h, w) of the picture.
        center: (x, y) of the point that stays, in pixels.
        amount: How much larger the picture is at the end, 0–1 for 1 to 1.35 times.

    Returns:
        Makes the picture; sharp at the point itself.

    Source:
        Uniform motion during the exposure, Gonzalez & Woods, Digital Image Processing, 5.6.3, along rays. The mean of
        2ⁿ enlargements by n steps, each the mean of two, of which the second is the first one enlarged.
    """
    height, width = shape
    scale = min(1.0, math.sqrt(_ZOOM_AREA / (height * width)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(shrunk_light(light, shape, size), np.float32)
    x, y = center[0] * size[0] / width, center[1] * size[1] / height
    most = 1 + _ZOOM * amount
    longest = (most - 1) * max(math.hypot(x - a, y - b) for a in (0, size[0]) for b in (0, size[1]))
    steps = max(1, math.ceil(math.log2(max(2.0, longest))))
    for step in range(steps):
        grown = most ** (2**step / 2**steps)
        matrix = np.array([[1 / grown, 0, x - x / grown], [0, 1 / grown, y - y / grown]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(small, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        small = np.asarray((small + moved) / 2, np.float32)
    across = np.arange(width, dtype=np.float32)[None] - np.float32(center[0])
    large = lifted(small, (width, height))

    def rows(wanted: slice) -> LinearRGB:
        down = np.arange(wanted.start, wanted.stop, dtype=np.float32)[:, None] - np.float32(center[1])
        share = np.clip((most - 1) * np.hypot(down, across) / _ZOOM_SHOWS_PX, 0, 1)[..., None]
        sharp = light(wanted)
        return LinearRGB(np.asarray(sharp + (large(wanted) - sharp) * share, np.float32))

    return rows


def shifted_focus(light: LightRows, shape: tuple[int, int], *, angle_deg: float, width: float) -> LightRows:
    """Keep one band through the middle sharp and blur with the distance from it, so that the scene looks small.

    Args:
        light: Makes the picture.
        shape: (h, w) of the picture.
        angle_deg: Of the band, clockwise from level.
        width: Of the band, as a fraction of the height, 0–1.

    Returns:
        Makes the picture.

    Source:
        Held, Cooper, O'Brien and Banks, "Using blur to affect perceived distance and size", 2010.
    """
    full = _MINIATURE * max(shape)
    layers = [light, *(defocused(light, shape, None, radius_px=share * full) for share in _LAYERS[1:])]
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    across = (np.arange(shape[1], dtype=np.float32) + 0.5 - shape[1] / 2) * np.float32(sine)

    def rows(wanted: slice) -> LinearRGB:
        down = (np.arange(wanted.start, wanted.stop, dtype=np.float32) + 0.5 - shape[0] / 2) * np.float32(cosine)
        beyond = (np.abs(down[:, None] - across) / shape[0] - width / 2) / _FALL_OFF
        blur = np.clip(beyond, 0, 1) * (len(_LAYERS) - 1)
        mixed = np.zeros((*blur.shape, 3), np.float32)
        for level, layer in enumerate(layers):
            weight = np.maximum(1 - np.abs(blur - level), 0)
            if weight.any():
                mixed += weight[..., None] * layer(wanted)
        return LinearRGB(mixed)

    return rows


def pixelate(image: EncodedRGB, *, block_px: int, corner: tuple[int, int] = (0, 0)) -> EncodedRGB:
    """Show a picture in square blocks, each the mean light of its pixels.

    Args:
        image: h×w×3 encoded.
        block_px: Side of a block, at least 1, which is identity.
        corner: (x, y) of a pixel at which a block begins.

    Returns:
        New array; blocks at the borders may be smaller.

    Raises:
        ParameterOutOfRange: `block_px` is below 1.
    """
    if block_px < 1:
        raise ParameterOutOfRange("block_px must be at least 1", param="block_px")
    height, width = image.shape[:2]
    downs, acrosses = _starts(height, block_px, corner[1]), _starts(width, block_px, corner[0])
    widths = np.diff([*acrosses, width])
    out = np.empty_like(image)
    for top, bottom in zip(downs, [*downs[1:], height], strict=True):
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[top:bottom]))).mean(axis=0, dtype=np.float64)
        means = np.add.reduceat(light, acrosses, axis=0) / widths[:, None]
        codes = to_encoded(LinearRGB(means[None].astype(np.float32)))[0]
        out[top:bottom] = np.repeat(codes, widths, axis=0)
    return EncodedRGB(out)


def _starts(length: int, block: int, corner: int) -> list[int]:
    first = corner % block
    return [*([0] if first else []), *range(first, length, block)]


def _plain(rows: Callable[[slice], Floats]) -> LightRows:
    return lambda wanted: LinearRGB(rows(wanted))


def _shrunk(
    light: LightRows, shape: tuple[int, int], where: Plane | None, size: tuple[int, int]
) -> tuple[Floats, Plane | None]:
    """A smaller copy of a part, with nothing of its surroundings in it, and of its mask."""
    if where is None:
        return np.asarray(shrunk_light(light, shape, size)), None
    own = shrunk_light(lambda rows: LinearRGB(light(rows) * where[rows][..., None]), shape, size)
    share = shrunk_plane(where, size)
    return np.asarray(own / np.maximum(share, _LEAST_SHARE)[..., None], np.float32), share


def _disc(part: Floats, radius_px: float) -> Floats:
    return np.asarray(blur_disc(LinearRGB(part), radius_px=radius_px, highlight_gain=1))


def _path(angle_deg: float, length_px: float) -> Floats:
    """An antialiased line through the middle that sums to 1."""
    reach = math.ceil((length_px + 1) / 2)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    along, beside = columns * cosine + rows * sine, rows * cosine - columns * sine
    line = np.clip(length_px / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(beside), 0, 1)
    return np.asarray(line / line.sum(), np.float32)


def _filtered(light: LightRows, shape: tuple[int, int], where: Plane | None, blur: Filter, margin: int) -> LightRows:
    """A linear filter over strips, each read with a margin; inside a part only its own light is averaged."""

    def rows(wanted: slice) -> LinearRGB:
        seen = slice(max(0, wanted.start - margin), min(shape[0], wanted.stop + margin))
        inner = slice(wanted.start - seen.start, wanted.stop - seen.start)
        lit = np.asarray(light(seen))
        if where is None:
            return LinearRGB(blur(lit)[inner])
        share = np.asarray(where[seen], np.float32)[..., None]
        both = blur(np.concatenate([lit * share, share], axis=2))[inner]
        return LinearRGB(np.ascontiguousarray(both[..., :3] / np.maximum(both[..., 3:], _LEAST_SHARE)))

    return rows
