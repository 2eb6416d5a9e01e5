"""Colors beyond sRGB, brought to its border in their hue; colors within it are left exactly as they are."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import LinearRGB, OklabImage, from_oklab, to_oklab

_TOLERANCE = np.float32(1e-4)
"""A third of a code at the darkest: the rounding of a profile's numbers is no color beyond the gamut."""

_STEPS = 14
_HUES_A_SIDE = 64


def map_into_gamut(image: LinearRGB) -> LinearRGB:
    """Move colors outside sRGB to its border; decision 9 says why so.

    Args:
        image: h×w×3 linear sRGB; channels outside 0–1 are colors beyond the gamut.

    Returns:
        New array, all channels 0–1. Colors within the gamut are unchanged. The others move, at the same Oklab hue,
        straight towards the gray whose lightness is that of the hue's most saturated color, up to the border.

    Source:
        Björn Ottosson, "sRGB gamut clipping", 2021: projection towards the cusp's lightness.
    """
    out = np.clip(image, 0, 1)
    beyond = np.abs(image - out).max(axis=-1) > _TOLERANCE
    if beyond.any():
        out[beyond] = _to_border(LinearRGB(image[beyond][None]))[0]
    return LinearRGB(out)


def _to_border(image: LinearRGB) -> npt.NDArray[np.float32]:
    """Halve towards the last point inside on the way from the gray to the color."""
    color = to_oklab(image)
    gray = np.zeros_like(color)
    gray[..., 0] = _cusp_lightness(color)
    inside, outside = np.zeros((*color.shape[:2], 1), np.float32), np.ones((*color.shape[:2], 1), np.float32)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        light = from_oklab(OklabImage(gray + middle * (color - gray)))
        fits = ((light >= 0) & (light <= 1)).all(axis=-1, keepdims=True)
        inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
    return np.clip(from_oklab(OklabImage(gray + inside * (color - gray))), 0, 1)


def _cusp_lightness(color: OklabImage) -> npt.NDArray[np.float32]:
    hues, lightness = _cusps()
    return np.interp(np.arctan2(color[..., 2], color[..., 1]), hues, lightness, period=2 * np.pi).astype(np.float32)


@cache
def _cusps() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hue and lightness of the most saturated colors: the six edges of the cube that touch neither black nor white."""
    corners = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], np.float32)
    places = np.arange(6 * _HUES_A_SIDE) / _HUES_A_SIDE
    ring = np.stack([np.interp(places, np.arange(7), corners[:, k]) for k in range(3)], axis=-1)
    lab = to_oklab(LinearRGB(ring[None].astype(np.float32)))[0].astype(np.float64)
    return np.arctan2(lab[:, 2], lab[:, 1]), lab[:, 0]
