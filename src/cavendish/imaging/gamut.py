"""Colors beyond sRGB, brought to its border in their hue; colors within it are left exactly as they are."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import LinearRGB, OklabImage, from_oklab, to_oklab

_SLACK = 0.002
_LEAST, _MOST = (-_SLACK,) * 3, (1 + _SLACK,) * 3
"""How far a linear channel may be outside and count as inside, to be clipped: covers the rounding of profiles, and the
dent of the gamut beside blue, across which pure blues would lose a sixth of their chroma."""

_STEPS = 12
_LIGHTNESS_KEEPING = np.float32(0.5)  # Ottosson's α
_HUES_A_SIDE = 64


def map_into_gamut(image: LinearRGB) -> LinearRGB:
    """Move colors outside sRGB to its border; decision 9 says why so.

    Args:
        image: h×w×3 linear sRGB; channels outside 0–1 are colors beyond the gamut.

    Returns:
        New array, all channels 0–1. Colors within the gamut are unchanged. The others move, at the same Oklab hue,
        straight towards a gray until they meet the border: the gray of the hue's most saturated color or, for darker
        colors, one nearer to their own lightness.

    Source:
        Björn Ottosson, "sRGB gamut clipping", 2021: adaptive projection towards the cusp's lightness.
    """
    out = np.clip(image, 0, 1)
    beyond = cv2.inRange(image, _LEAST, _MOST) == 0
    if beyond.any():
        out[beyond] = _to_border(LinearRGB(image[beyond][None]))[0]
    return LinearRGB(out)


def _to_border(image: LinearRGB) -> npt.NDArray[np.float32]:
    """Halve towards the last point inside on the way from the gray to the color."""
    color = to_oklab(image)
    gray = np.zeros_like(color)
    gray[..., 0] = _gray_aimed_at(color)
    share, step = np.zeros((*color.shape[:2], 1), np.float32), np.float32(1)
    for _ in range(_STEPS):
        step /= 2
        light = from_oklab(OklabImage(gray + (share + step) * (color - gray)))
        share += step * (cv2.inRange(light, _LEAST, _MOST) > 0)[..., None]
    return np.clip(from_oklab(OklabImage(gray + share * (color - gray))), 0, 1)


def _gray_aimed_at(color: OklabImage) -> npt.NDArray[np.float32]:
    hues, lightness = _cusps()
    chroma, hue = np.hypot(color[..., 1], color[..., 2]), np.arctan2(color[..., 2], color[..., 1])
    cusp = np.interp(hue, hues, lightness, period=2 * np.pi).astype(np.float32)
    darker = np.maximum(cusp - color[..., 0], 0)
    reach = cusp + darker + _LIGHTNESS_KEEPING * chroma / (2 * cusp)
    return np.asarray(cusp - (reach - np.sqrt(reach * reach - 4 * cusp * darker)) / 2, np.float32)


@cache
def _cusps() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hue and lightness of the most saturated colors: the six edges of the cube that touch neither black nor white."""
    corners = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], np.float32)
    places = np.arange(6 * _HUES_A_SIDE) / _HUES_A_SIDE
    ring = np.stack([np.interp(places, np.arange(7), corners[:, k]) for k in range(3)], axis=-1)
    lab = to_oklab(LinearRGB(ring[None].astype(np.float32)))[0].astype(np.float64)
    return np.arctan2(lab[:, 2], lab[:, 1]), lab[:, 0]
